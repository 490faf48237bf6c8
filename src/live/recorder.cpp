#include "live/recorder.h"

#include <atomic>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/bounded_queue.h"
#include "base/error.h"
#include "media/video_writer.h"

namespace toonmirror::live {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kTicks = 1000;  // of a second
constexpr int kMostWaiting = 4;

media::VideoInfo video_info(cv::Size size) {
  media::VideoInfo info;
  info.width = size.width & ~1;  // H.264 halves the colours' size
  info.height = size.height & ~1;
  info.frame_rate = {30, 1};
  info.time_base = {1, kTicks};
  info.pixel_format = "yuv420p";
  return info;
}

media::VideoWriterOptions fast_options(Clock::time_point begin, std::shared_ptr<media::LiveSound> sound) {
  media::VideoWriterOptions options;
  options.sound = std::move(sound);
  options.sound_zero = begin;
  options.preset = "veryfast";
  return options;
}

}  // namespace

struct LiveRecorder::Impl {
  Impl(const std::filesystem::path& file, cv::Size size, Clock::time_point first_at,
       std::shared_ptr<media::LiveSound> sound)
      : info(video_info(size)),
        writer(file, info, fast_options(first_at, std::move(sound))),
        begin(first_at),
        last(first_at),
        thread([this] { encode(); }) {}

  ~Impl() {
    queue.cancel();
    if (thread.joinable()) thread.join();
  }

  void encode() {
    try {
      while (std::optional<media::Frame> frame = queue.pop()) writer.write(*frame);
    } catch (...) {
      failure = std::current_exception();
      queue.cancel();
    }
  }

  const media::VideoInfo info;
  media::VideoWriter writer;
  BoundedQueue<media::Frame> queue{kMostWaiting};
  std::exception_ptr failure;  // of the thread, to be read once it has ended
  const Clock::time_point begin;
  Clock::time_point last;
  int64_t last_pts = -1, index = 0;
  int64_t dropped = 0;
  std::thread thread;
};

LiveRecorder::LiveRecorder(const std::filesystem::path& file, cv::Size size, Clock::time_point begin,
                           std::shared_ptr<media::LiveSound> sound)
    : impl_(std::make_unique<Impl>(file, size, begin, std::move(sound))) {}
LiveRecorder::~LiveRecorder() = default;

void LiveRecorder::write(const cv::Mat& rgb, Clock::time_point captured) {
  if (impl_->queue.size() >= kMostWaiting) {
    ++impl_->dropped;
    return;
  }
  impl_->last = captured;
  media::Frame frame;
  frame.width = impl_->info.width;
  frame.height = impl_->info.height;
  frame.time_base = impl_->info.time_base;
  frame.index = impl_->index++;
  frame.pts = std::max<int64_t>(
      impl_->last_pts + 1,
      std::chrono::duration_cast<std::chrono::milliseconds>(captured - impl_->begin).count());
  impl_->last_pts = frame.pts;
  cv::Mat fitting = rgb;
  const cv::Size size(frame.width, frame.height);
  if (rgb.size() != size) cv::resize(rgb, fitting, size, 0, 0, cv::INTER_AREA);
  frame.rgb.resize(fitting.total() * fitting.elemSize());
  std::memcpy(frame.rgb.data(), (fitting.isContinuous() ? fitting : fitting.clone()).data, frame.rgb.size());
  impl_->queue.push(std::move(frame));
}

void LiveRecorder::finish() {
  impl_->queue.close();
  impl_->thread.join();
  if (impl_->failure) std::rethrow_exception(impl_->failure);
  impl_->writer.commit();
}

double LiveRecorder::seconds() const {
  return impl_->index == 0 ? 0 : std::chrono::duration<double>(impl_->last - impl_->begin).count();
}

int64_t LiveRecorder::dropped() const { return impl_->dropped; }

double LiveRecorder::sound_drift_s() const { return impl_->writer.sound_drift_s(); }

}  // namespace toonmirror::live
