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

}  // namespace

DrivingMotion detect_motion(Driving driving, nets::MotionModel& model, int workers) {
  DrivingMotion motion{std::move(driving), {}};
  const std::vector<DrivingFrame>& frames = motion.driving.frames;
  media::VideoReader reader(motion.driving.info.path, {.square_pixels = true});
  Progress progress({.label = motion.driving.info.path.filename().string() + " (key points)",
                     .total = static_cast<int64_t>(frames.size())});
  size_t next = 0;
  const auto produce = [&]() -> std::optional<cv::Mat> {
    media::Frame frame;
    if (next >= frames.size() || !reader.read(frame)) return std::nullopt;
    throw_if_interrupted();
    const DrivingFrame& seen = frames[next++];
    if (!seen.landmarks) return cv::Mat();
    return face::warp_crop(picture_of(frame), face::align_square(seen.square, kMotionSize_px));
  };
  const auto work = [&](const cv::Mat& crop) {
    const at::NoGradGuard no_grad;
    return crop.empty() ? nets::KeyPoints() : model->detect(motion_tensor(crop));
  };
  const auto consume = [&](nets::KeyPoints found) {
    const bool lost = !found.value.defined();
    if (lost && !motion.key_points.empty()) found = motion.key_points.back();
    motion.key_points.push_back(std::move(found));
    progress.advance();
  };
  run_in_order(drawing_workers(workers), produce, work, consume);
  // Before the first face nothing is followed; any key points do.
  const auto first = std::ranges::find_if(motion.key_points, [](const auto& k) { return k.value.defined(); });
  if (first == motion.key_points.end() || motion.key_points.size() != frames.size())
    throw Error(motion.driving.info.path.string() + ": has changed while it was read");
  std::fill(motion.key_points.begin(), first, *first);
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
  if (options.motion.relative) {
    report.reference_frame = options.from_first_frame ? 0 : best_frame(driving, avatar.landmarks);
    animator.set_reference(motion.key_points.at(report.reference_frame));
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
      picture = animator.draw(animator.follow(motion.key_points[index], driving.frames[index].presence));
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
  report.notices = writer.notices();
  return report;
}

}  // namespace toonmirror::toon
