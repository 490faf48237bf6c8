#include "toon/animate.h"

#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "toon/in_order.h"

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

}  // namespace

DrivingMotion detect_motion(Driving driving, nets::MotionModel& model, int workers) {
  DrivingMotion motion{std::move(driving), {}};
  const std::vector<DrivingFrame>& frames = motion.driving.frames;
  media::VideoReader reader(motion.driving.info.path);
  Progress progress({.label = motion.driving.info.path.filename().string() + " (key points)",
                     .total = static_cast<int64_t>(frames.size())});
  size_t next = 0;
  const auto produce = [&]() -> std::optional<cv::Mat> {
    media::Frame frame;
    if (next >= frames.size() || !reader.read(frame)) return std::nullopt;
    throw_if_interrupted();
    const DrivingFrame& seen = frames[next++];
    if (!seen.landmarks) return cv::Mat();
    const cv::Mat picture(frame.height, frame.width, CV_8UC3, frame.rgb.data());
    return face::warp_crop(picture, face::align_square(seen.square, kMotionSize_px));
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
  run_in_order(workers, produce, work, consume);
  // Before the first face nothing is followed; any key points do.
  const auto first = std::ranges::find_if(motion.key_points, [](const auto& k) { return k.value.defined(); });
  if (first == motion.key_points.end())
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
  Animator animator(model, avatar, options.motion);
  if (options.motion.relative) {
    report.reference_frame = options.from_first_frame ? 0 : best_frame(driving, avatar.landmarks);
    animator.set_reference(motion.key_points.at(report.reference_frame));
  }
  cv::Size size = options.square ? cv::Size(animator.side_px(), animator.side_px()) : avatar.picture.size();
  if (const int largest = std::max(size.width, size.height); largest > kLargestVideo_px) {
    throw Error(avatar.name + ": is " + std::to_string(largest) + " px large, more than videos can be",
                "make it smaller, at most " + std::to_string(kLargestVideo_px) + " px, or use --square");
  }
  StageTimer timer;
  media::VideoWriter writer(output, output_info(driving, size), options.video);
  // Times are the driving video's: its reader is the one who knows them.
  media::VideoReader reader(driving.info.path);
  Progress progress(
      {.label = output.filename().string(), .total = static_cast<int64_t>(motion.key_points.size())});
  size_t next = 0;
  const auto produce = [&]() -> std::optional<std::pair<size_t, media::Frame>> {
    throw_if_interrupted();
    const auto timed = timer.measure("decode");
    media::Frame frame;
    if (next >= motion.key_points.size() || !reader.read(frame)) return std::nullopt;
    return std::pair{next++, std::move(frame)};
  };
  const auto work = [&](std::pair<size_t, media::Frame>&& job) {
    const size_t index = job.first;
    media::Frame frame = std::move(job.second);
    cv::Mat picture;
    {
      const auto timed = timer.measure("motion");
      picture = animator.draw(animator.follow(motion.key_points[index], driving.frames[index].presence));
    }
    const auto timed = timer.measure("paste");
    if (!options.square) picture = animator.in_picture(picture);
    frame.width = picture.cols;
    frame.height = picture.rows;
    frame.rgb.assign(picture.data, picture.data + picture.total() * picture.elemSize());
    frame.picture.reset();
    frame.decoded_rgb.reset();
    return frame;
  };
  const auto consume = [&](const media::Frame& frame) {
    const auto timed = timer.measure("encode");
    writer.write(frame, media::Rect{0, 0, frame.width, frame.height});
    ++report.frames;
    progress.advance();
  };
  run_in_order(options.workers, produce, work, consume);
  throw_if_interrupted();
  writer.commit();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.stages = timer.costs();
  report.notices = writer.notices();
  return report;
}

}  // namespace toonmirror::toon
