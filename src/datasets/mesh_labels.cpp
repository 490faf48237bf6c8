#include "datasets/mesh_labels.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "base/model_keys.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/usage_error.h"
#include "checkpoint/safetensors.h"
#include "datasets/mesh_teacher.h"
#include "datasets/photo_index.h"
#include "face/geometry.h"
#include "face/landmarks.h"
#include "media/still.h"
#include "media/video_reader.h"
#include "teachers/pair_builder.h"
#include "toon/draw_faces.h"
#include "toon/pictures.h"
#include "training/mesh_pack.h"

namespace toonmirror::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int kSize_px = training::kMeshPicture_px;
constexpr double kMaxLandmarkError = 0.06;  // share of the crop; beyond it the points do not fit the face
constexpr double kLeastScore = 0.9;
constexpr double kMostApart = 0.12;  // of mesh and landmarks, in distances of the eyes

// A row of the pack.
struct Labelled {
  cv::Mat picture;  // CV_8UC3 RGB of kSize_px
  TaughtPoints points{};
  std::optional<face::Landmarks> landmarks;
  bool face = false, held_out = false;
};

// The picture in the middle of one of kSize_px, and what that does to its coordinates.
struct Laid {
  cv::Mat picture;
  double scale = 1;
  cv::Point2d shift;

  explicit Laid(const cv::Mat& rgb) : picture(rgb) {
    const int longer = std::max(rgb.cols, rgb.rows);
    if (longer > kSize_px) {
      scale = static_cast<double>(kSize_px) / longer;
      cv::resize(rgb, picture, {}, scale, scale, cv::INTER_AREA);
    }
    const int left = (kSize_px - picture.cols) / 2, top = (kSize_px - picture.rows) / 2;
    cv::Mat whole;
    cv::copyMakeBorder(picture, whole, top, kSize_px - picture.rows - top, left,
                       kSize_px - picture.cols - left, cv::BORDER_REPLICATE);
    picture = whole;
    shift = {left + (scale - 1) / 2, top + (scale - 1) / 2};
  }
  cv::Point2d operator()(const cv::Point2d& point) const { return point * scale + shift; }
};

cv::Point2d mean_of_lids(const TaughtPoints& mesh, const nets::Lids& lids) {
  cv::Point2d sum;
  for (const int64_t i : lids) sum += {mesh[static_cast<size_t>(i)].x, mesh[static_cast<size_t>(i)].y};
  return sum / static_cast<double>(lids.size());
}

// How far the mesh lies from dlib's landmarks at the eyes and the corners of the mouth, on average, in
// distances of the eyes.
double apart(const TaughtPoints& mesh, const face::Landmarks& landmarks) {
  const cv::Point2d left = face::mean_of(landmarks, 36, 42), right = face::mean_of(landmarks, 42, 48);
  const auto point = [&](int64_t i) {
    return cv::Point2d(mesh[static_cast<size_t>(i)].x, mesh[static_cast<size_t>(i)].y);
  };
  const double sum = cv::norm(mean_of_lids(mesh, nets::kLeftLids) - left) +
                     cv::norm(mean_of_lids(mesh, nets::kRightLids) - right) +
                     cv::norm(point(nets::kLeftMouthCorner) - landmarks[48]) +
                     cv::norm(point(nets::kRightMouthCorner) - landmarks[54]);
  return sum / 4 / std::max(cv::norm(right - left), 1e-6);
}

// One thing to be read and labelled, by a thread with a detector of its own.
using Job = std::function<std::vector<Labelled>(face::Detector&)>;

std::vector<Labelled> label_photo(const fs::path& folder, const IndexedPhoto& photo,
                                  const MeshTeacher& teacher) {
  const Laid laid(toon::picture_of(media::read_still(folder / photo.file)));
  Labelled result{laid.picture, {}, photo.landmarks, true, teachers::is_held_out(photo.key)};
  for (cv::Point2d& point : *result.landmarks) point = laid(point);
  const TaughtMesh mesh = teacher.find(result.picture, *result.landmarks);
  if (mesh.face_score < kLeastScore || apart(mesh.points, *result.landmarks) > kMostApart) return {};
  result.points = mesh.points;
  return {result};
}

std::vector<Labelled> label_clip(const fs::path& path, int every, bool held_out, const MeshTeacher& teacher,
                                 const face::LandmarkPredictor& predictor, face::Detector& detector) {
  media::VideoReader reader(path);
  std::vector<Labelled> result;
  std::optional<TaughtPoints> before;
  for (media::Frame frame; reader.read(frame);) {
    throw_if_interrupted();
    if (frame.index % every != 0) continue;
    const cv::Mat picture = Laid(toon::picture_of(frame)).picture;
    TaughtMesh mesh;
    if (before) {
      mesh = teacher.follow(picture, *before);
    } else {
      const std::vector<face::Face> faces = face::find_faces(detector, predictor, picture);
      if (faces.empty()) continue;
      mesh = teacher.find(picture, faces.front().landmarks);
      if (apart(mesh.points, faces.front().landmarks) > kMostApart) continue;
    }
    before = mesh.face_score < kLeastScore ? std::nullopt : std::optional(mesh.points);
    if (before) {
      result.push_back({picture, mesh.points, std::nullopt, true, held_out});
    }
  }
  return result;
}

Labelled read_faceless(const fs::path& path) {
  const cv::Mat photo = toon::picture_of(media::read_still(path));
  const int side = std::min(photo.rows, photo.cols);
  Labelled result;
  cv::resize(photo(cv::Rect((photo.cols - side) / 2, (photo.rows - side) / 2, side, side)), result.picture,
             {kSize_px, kSize_px}, 0, 0, cv::INTER_AREA);
  result.held_out = teachers::is_held_out(path.filename().string());
  return result;
}

void add_photos(const MeshLabelOptions& options, const MeshTeacher& teacher, std::vector<Job>& jobs) {
  if (options.photos.size() != options.indices.size()) {
    throw UsageError("every folder of faces needs an index", "give one --index for each --faces");
  }
  for (size_t i = 0; i < options.photos.size(); ++i) {
    for (const IndexedPhoto& photo : read_photo_index(options.indices[i])) {
      if (photo.landmark_error >= kMaxLandmarkError) continue;
      jobs.emplace_back([folder = options.photos[i], photo, &teacher](face::Detector&) {
        return label_photo(folder, photo, teacher);
      });
    }
  }
}

void add_clips(const MeshLabelOptions& options, const MeshTeacher& teacher,
               const face::SharedLandmarkPredictor& predictor, std::vector<Job>& jobs) {
  const ClipPersons persons(options.clips_index);
  for (const fs::path& file : files_beside_index(options.clips)) {
    const bool held_out = persons.holds_out(file);
    jobs.emplace_back([file, held_out, every = options.every, &teacher, predictor](face::Detector& detector) {
      return label_clip(file, every, held_out, teacher, *predictor.get(), detector);
    });
  }
}

void write_pack(const fs::path& output, std::vector<std::vector<Labelled>>& labelled,
                const std::string& licence) {
  int64_t count = 0;
  for (const auto& rows : labelled) count += std::ssize(rows);
  if (count == 0) throw Error(output.string() + ": no picture with a face was found, nothing to train on");
  const at::Tensor pictures = at::empty({count, kSize_px, kSize_px, 3}, at::kByte);
  const at::Tensor points = at::empty({count, nets::kMeshPoints, 3});
  const at::Tensor landmarks =
      at::full({count, face::kLandmarkCount, 2}, std::numeric_limits<float>::quiet_NaN());
  const at::Tensor face = at::zeros({count}, at::kByte), held_out = at::zeros({count}, at::kByte);
  int64_t row = 0;
  for (std::vector<Labelled>& rows : labelled) {
    for (Labelled& from : rows) {
      std::copy_n(from.picture.data, from.picture.total() * from.picture.elemSize(),
                  pictures[row].data_ptr<uint8_t>());
      auto* value = points[row].data_ptr<float>();
      for (const cv::Point3d& point : from.points) {
        for (const double number : {point.x, point.y, point.z}) *value++ = static_cast<float>(number);
      }
      if (from.landmarks) {
        value = landmarks[row].data_ptr<float>();
        for (const cv::Point2d& point : *from.landmarks) {
          for (const double number : {point.x, point.y}) *value++ = static_cast<float>(number);
        }
      }
      *face[row].data_ptr<uint8_t>() = from.face ? 1 : 0;
      *held_out[row].data_ptr<uint8_t>() = from.held_out ? 1 : 0;
      ++row;
    }
    rows.clear();  // or all pictures would be in memory twice
    rows.shrink_to_fit();
  }
  checkpoint::write_safetensors(output,
                                {{"pictures", pictures},
                                 {"points", points},
                                 {"landmarks", landmarks},
                                 {"face", face},
                                 {"held_out", held_out}},
                                {{kKindKey, training::kMeshesKind}, {"licence", licence}});
  spdlog::info("wrote {} pictures, {} with a face, {} held out, to {}", count, face.sum().item<int64_t>(),
               held_out.sum().item<int64_t>(), output.string());
}

}  // namespace

void label_meshes(const MeshLabelOptions& options, const fs::path& output) {
  const MeshTeacher teacher(options.nets);
  std::vector<Job> jobs;
  add_photos(options, teacher, jobs);
  // They take longest: first, so that no thread is left with one at the end.
  if (!options.clips.empty()) {
    std::vector<Job> all;
    add_clips(options, teacher, face::load_landmark_predictor(), all);
    all.insert(all.end(), std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
    jobs.swap(all);
  }
  if (!options.faceless.empty()) {
    for (const fs::path& file : files_beside_index(options.faceless)) {
      jobs.emplace_back([file](face::Detector&) { return std::vector<Labelled>{read_faceless(file)}; });
    }
  }
  std::vector<std::vector<Labelled>> labelled(jobs.size());
  Progress progress({.label = "meshes",
                     .unit = "files",
                     .rate_unit = "files/s",
                     .total = static_cast<int64_t>(jobs.size())});
  std::atomic<int64_t> left_out = 0;
  for_each_index(jobs.size(), toon::drawing_workers(usable_cores()), [&] {
    return [&, detector = std::make_shared<face::Detector>()](size_t i) {
      try {
        labelled[i] = jobs[i](*detector);
        if (labelled[i].empty()) ++left_out;
      } catch (const Error& error) {
        spdlog::warn("left out: {}", error.what());
      }
      progress.advance();
    };
  });
  if (left_out > 0) spdlog::info("left out {} files whose faces the teacher does not see", left_out.load());
  write_pack(output, labelled, options.licence);
}

}  // namespace toonmirror::datasets
