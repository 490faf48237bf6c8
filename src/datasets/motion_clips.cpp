#include "datasets/motion_clips.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "base/model_keys.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "checkpoint/safetensors.h"
#include "datasets/photo_index.h"
#include "engine/compute.h"
#include "media/video_reader.h"
#include "nets/face_mesh_points.h"
#include "teachers/pair_builder.h"
#include "toon/avatar.h"
#include "toon/draw_faces.h"
#include "toon/face_follower.h"
#include "toon/pictures.h"
#include "tracking/tracker.h"

namespace toonmirror::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int kSize_px = 256;
constexpr size_t kToonEvery = 3;  // clips

struct ClipFrames {
  std::vector<cv::Mat> pictures;  // CV_8UC3 RGB, whole frames
  std::vector<face::Face> faces;
};

ClipFrames read_clip(const fs::path& path, const tracking::FaceModels& face_models, int every) {
  media::VideoReader reader(path);
  tracking::Tracker tracker(face_models.mesh, {.meshes = true});
  toon::FaceFollower follower;
  ClipFrames clip;
  for (media::Frame frame; reader.read(frame);) {
    throw_if_interrupted();
    const cv::Mat picture = toon::picture_of(frame);
    std::vector<face::Face> faces = tracker.update(picture, frame.seconds());
    follower.keep_chosen(faces, frame.seconds());
    if (faces.empty() || !faces.front().seen || frame.index % every != 0) continue;
    clip.pictures.push_back(picture.clone());
    clip.faces.push_back(faces.front());
  }
  return clip;
}

// The square around all faces of a clip, as far as it lies inside the picture; all of a square picture that
// is not much larger.
cv::Rect square_of(const ClipFrames& clip) {
  const cv::Rect frame({}, clip.pictures.front().size());
  cv::Rect2d faces;
  for (const face::Face& found : clip.faces) {
    const cv::Rect2d box = toon::landmark_box(found.landmarks);
    faces = faces.empty() ? box : faces | box;
  }
  const face::FaceSquare around = toon::motion_square(faces);
  const int largest = std::min(frame.width, frame.height);
  int side = std::min(static_cast<int>(2 * around.right.x), largest);
  if (frame.width == frame.height && side > 0.7 * largest) side = largest;
  const auto place = [side](double centre, int limit) {
    return std::clamp(static_cast<int>(centre - 0.5 * side), 0, limit - side);
  };
  return {place(around.centre.x, frame.width), place(around.centre.y, frame.height), side, side};
}

struct PackedClip {
  std::vector<uint8_t> frames;
  std::vector<float> landmarks, mesh;

  void add(const cv::Mat& picture, const face::Landmarks& points, const std::vector<cv::Point3d>& surface,
           const cv::Rect& square) {
    cv::Mat crop;
    cv::resize(picture(square), crop, {kSize_px, kSize_px}, 0, 0,
               square.width > kSize_px ? cv::INTER_AREA : cv::INTER_CUBIC);
    frames.insert(frames.end(), crop.data, crop.data + crop.total() * crop.elemSize());
    const double scale = static_cast<double>(kSize_px) / square.width;
    for (const cv::Point2d& point : points) {
      landmarks.push_back(static_cast<float>((point.x - square.x + 0.5) * scale - 0.5));
      landmarks.push_back(static_cast<float>((point.y - square.y + 0.5) * scale - 0.5));
    }
    const cv::Point2d middle(square.x + 0.5 * (square.width - 1), square.y + 0.5 * (square.height - 1));
    const at::Tensor placed = toon::mesh_in_square(surface, {middle, {0.5 * square.width, 0}});
    mesh.insert(mesh.end(), placed.data_ptr<float>(), placed.data_ptr<float>() + placed.numel());
  }
};

PackedClip packed(const ClipFrames& clip) {
  PackedClip result;
  const cv::Rect square = square_of(clip);
  for (size_t i = 0; i < clip.pictures.size(); ++i) {
    result.add(clip.pictures[i], clip.faces[i].landmarks, clip.faces[i].mesh, square);
  }
  return result;
}

// The same frames drawn; landmarks and meshes are found anew, since a style may change shapes.
PackedClip drawn(const ClipFrames& clip, const toon::Toonifier& toonifier,
                 const tracking::FaceModels& face_models) {
  PackedClip result;
  const cv::Rect square = square_of(clip);
  StageTimer timer;
  for (size_t i = 0; i < clip.pictures.size(); ++i) {
    throw_if_interrupted();
    cv::Mat picture = clip.pictures[i].clone();
    toon::draw_faces(picture, {clip.faces[i]}, toonifier,
                     {toon::PasteMode::kHead, 0, toon::SceneChoice::kKeep}, timer);
    const tracking::MeshFace found = face_models.mesh.get()->predict(picture, clip.faces[i].square);
    result.add(picture, found.landmarks, found.points, square);
  }
  return result;
}

struct Packed {
  std::optional<PackedClip> photo, toon;
  bool held_out = false;
};

void write_pack(const fs::path& output, const std::vector<Packed>& clips, const std::string& licence) {
  std::vector<uint8_t> held_out;
  std::vector<int64_t> clip_of;
  int64_t frames = 0;
  std::vector<const PackedClip*> all;
  for (const Packed& clip : clips) {
    for (const auto* part : {&clip.photo, &clip.toon}) {
      if (!part->has_value() || (*part)->landmarks.empty()) continue;
      const auto count = static_cast<int64_t>((*part)->landmarks.size() / (2 * face::kLandmarkCount));
      clip_of.insert(clip_of.end(), static_cast<size_t>(count), static_cast<int64_t>(held_out.size()));
      held_out.push_back(clip.held_out ? 1 : 0);
      all.push_back(&**part);
      frames += count;
    }
  }
  if (frames == 0) throw Error(output.string() + ": no clip with a face was found, nothing to train on");
  at::Tensor pictures = at::empty({frames, kSize_px, kSize_px, 3}, at::kByte);
  at::Tensor landmarks = at::empty({frames, face::kLandmarkCount, 2});
  at::Tensor meshes = at::empty({frames, nets::kMeshPoints, 3});
  auto* picture = pictures.data_ptr<uint8_t>();
  auto* landmark = landmarks.data_ptr<float>();
  auto* mesh = meshes.data_ptr<float>();
  for (const PackedClip* clip : all) {
    picture = std::copy(clip->frames.begin(), clip->frames.end(), picture);
    landmark = std::copy(clip->landmarks.begin(), clip->landmarks.end(), landmark);
    mesh = std::copy(clip->mesh.begin(), clip->mesh.end(), mesh);
  }
  checkpoint::write_safetensors(output,
                                {{"frames", pictures},
                                 {"landmarks", landmarks},
                                 {"mesh", meshes},
                                 {"clip", at::tensor(clip_of, at::kLong)},
                                 {"held_out", at::tensor(held_out, at::kByte)}},
                                {{kKindKey, "clips"}, {"licence", licence}});
  spdlog::info("wrote {} frames of {} clips to {}", frames, all.size(), output.string());
}

}  // namespace

void pack_motion_clips(const MotionClipOptions& options, const fs::path& output) {
  const std::vector<fs::path> files = files_beside_index(options.clips);
  const ClipPersons persons(options.index);
  const tracking::FaceModels face_models = tracking::load_face_models();
  std::optional<toon::Toonifier> toonifier;
  if (!options.toon_style.empty()) {
    toonifier.emplace(toon::find_style(options.toon_style), engine::choose_compute({}).precision);
  }
  std::vector<Packed> clips(files.size());
  Progress progress({.label = "clips",
                     .unit = "clips",
                     .rate_unit = "clips/s",
                     .total = static_cast<int64_t>(files.size())});
  for_each_index(files.size(), toon::drawing_workers(usable_cores()), [&] {
    return [&](size_t i) {
      try {
        const ClipFrames clip = read_clip(files[i], face_models, options.every);
        if (clip.faces.empty()) throw Error(files[i].string() + ": no face found");
        clips[i].held_out = persons.holds_out(files[i]);
        clips[i].photo = packed(clip);
        if (toonifier && i % kToonEvery == 0) clips[i].toon = drawn(clip, *toonifier, face_models);
      } catch (const Error& error) {
        spdlog::warn("left out: {}", error.what());
      }
      progress.advance();
    };
  });
  write_pack(output, clips, options.licence);
}

}  // namespace toonmirror::datasets
