#include "toon/animate.h"

#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "toon/draw_faces.h"
#include "toon/pictures.h"

namespace toonmirror::toon {
namespace {

// Larger pictures are made smaller: no player shows more, and H.264 ends there.
constexpr int kLargestVideo_px = 4096;

media::VideoInfo output_info(const Driving& driving, const cv::Size& size) {
  media::VideoInfo info = driving.info;
  info.width = size.width;
  info.height = size.height;
  info.sample_aspect = {1, 1};
  info.pixel_format = "yuv420p";
  info.colour = {};
  info.rotation_degrees = 0;
  return info;
}

// `picture` (CV_8UC3) at the time of the driving frame of that index.
media::Frame frame_of(const cv::Mat& picture, const Driving& driving, size_t index) {
  media::Frame frame;
  set_picture(frame, picture);
  frame.pts = driving.frames[index].pts;
  frame.duration = driving.frames[index].duration;
  frame.time_base = driving.info.time_base;
  frame.index = static_cast<int64_t>(index);
  return frame;
}

// Throws Error where no video can be that large.
cv::Size output_size(const Animator& animator, bool square) {
  const Avatar& avatar = animator.avatar();
  const cv::Size size = square ? cv::Size(animator.side_px(), animator.side_px()) : avatar.picture.size();
  if (const int largest = std::max(size.width, size.height); largest > kLargestVideo_px) {
    throw Error(avatar.name + ": is " + std::to_string(largest) + " px large, more than videos can be",
                "make it smaller, at most " + std::to_string(kLargestVideo_px) + " px, or use --square");
  }
  return size;
}

at::Tensor mesh_of(const DrivingFrame& frame) {
  return mesh_in_square({frame.mesh.begin(), frame.mesh.end()}, frame.square);
}

std::vector<nets::KeyPoints> of_meshes(const std::vector<DrivingFrame>& frames) {
  std::vector<nets::KeyPoints> result;
  result.reserve(frames.size());
  for (const DrivingFrame& frame : frames) result.push_back({{}, {}, mesh_of(frame)});
  return result;
}

// Of every frame with a face, which is read once more.
std::vector<nets::KeyPoints> detected(const Driving& driving, nets::MotionModel& model, int workers) {
  std::vector<nets::KeyPoints> result;
  media::VideoReader reader(driving.info.path, {.square_pixels = true});
  Progress progress({.label = driving.info.path.filename().string() + " (key points)",
                     .total = static_cast<int64_t>(driving.frames.size())});
  struct Crop {
    cv::Mat picture;
    at::Tensor mesh;
  };
  size_t next = 0;
  const auto produce = [&]() -> std::optional<Crop> {
    media::Frame frame;
    if (next >= driving.frames.size() || !reader.read(frame)) return std::nullopt;
    throw_if_interrupted();
    const DrivingFrame& seen = driving.frames[next++];
    if (!seen.landmarks) return Crop();
    return Crop{face::warp_crop(picture_of(frame), face::align_square(seen.square, kMotionSize_px)),
                mesh_of(seen)};
  };
  const auto work = [&](const Crop& crop) {
    const at::NoGradGuard no_grad;
    return crop.picture.empty() ? nets::KeyPoints() : model->detect(motion_tensor(crop.picture), crop.mesh);
  };
  const auto consume = [&](nets::KeyPoints found) {
    result.push_back(std::move(found));
    progress.advance();
  };
  run_in_order(drawing_workers(workers), produce, work, consume);
  return result;
}

}  // namespace

DrivingMotion detect_motion(Driving driving, nets::MotionModel& model, bool relative, int workers) {
  DrivingMotion motion{std::move(driving), {}};
  std::vector<nets::KeyPoints>& key_points = motion.key_points;
  key_points = relative && model->options().mesh_kp > 0 ? of_meshes(motion.driving.frames)
                                                        : detected(motion.driving, model, workers);
  // Where the face is lost, those of the last before; before the first face nothing is followed, any will do.
  const auto first = std::ranges::find_if(key_points, has_face);
  if (first == key_points.end() || key_points.size() != motion.driving.frames.size())
    throw Error(motion.driving.info.path.string() + ": has changed while it was read");
  std::fill(key_points.begin(), first, *first);
  for (size_t i = 1; i < key_points.size(); ++i) {
    if (!has_face(key_points[i])) key_points[i] = key_points[i - 1];
  }
  return motion;
}

AnimateReport animate(const Avatar& avatar, const DrivingMotion& motion, const nets::MotionModel& model,
                      const std::filesystem::path& output, const AnimateOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Driving& driving = motion.driving;
  AnimateReport report;
  report.frames_with_face = driving.frames_with_face;
  report.warnings = driving.warnings;
  Animator animator(model, avatar, options.motion);
  const std::vector<size_t> references = reference_frames(driving, avatar, options.from_first_frame);
  report.reference_frame = references.front();
  if (const int shots = driving.frames.back().shot + 1; shots > 1) {
    report.notices.push_back(driving.info.path.filename().string() + ": " + std::to_string(shots) +
                             " shots or faces one after the other; each begins its motion anew");
  }
  StageTimer timer;
  media::VideoWriter writer(output, output_info(driving, output_size(animator, options.square)),
                            options.video);
  Progress progress(
      {.label = output.filename().string(), .total = static_cast<int64_t>(motion.key_points.size())});
  size_t next = 0;
  const auto produce = [&]() -> std::optional<size_t> {
    throw_if_interrupted();
    if (next >= motion.key_points.size()) return std::nullopt;
    return next++;
  };
  const auto work = [&](size_t index) {
    cv::Mat picture;
    {
      const auto timed = timer.measure("motion");
      picture = animator.draw(animator.follow_from(motion.key_points[references[index]],
                                                   motion.key_points[index], driving.frames[index].presence));
    }
    const auto timed = timer.measure("paste");
    if (!options.square) picture = animator.in_picture(picture);
    return frame_of(picture, driving, index);
  };
  const auto consume = [&](const media::Frame& frame) {
    const auto timed = timer.measure("encode");
    writer.write(frame);
    ++report.frames;
    progress.advance();
  };
  run_in_order(drawing_workers(options.workers), produce, work, consume);
  throw_if_interrupted();
  writer.commit();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.stages = timer.costs();
  const std::vector<std::string> written = writer.notices();
  report.notices.insert(report.notices.end(), written.begin(), written.end());
  return report;
}

}  // namespace toonmirror::toon
