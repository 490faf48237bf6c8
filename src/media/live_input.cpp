#include "media/live_input.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/model_path.h"
#include "media/probe.h"
#include "media/still.h"
#include "media/stream_input.h"
#include "media/video_reader.h"

namespace toonmirror::media {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongestWait = std::chrono::milliseconds(100);

// A video at its own speed, from the start again after its end.
class LoopedVideo : public LiveInput {
 public:
  explicit LoopedVideo(std::filesystem::path path) : path_(std::move(path)), reader_(open()) {
    begin_ = Clock::now();
  }

  bool read(LiveFrame& frame) override {
    if (!waiting_ && !fetch()) return false;
    if (due_ - Clock::now() > kLongestWait) {
      std::this_thread::sleep_for(kLongestWait);
      return false;
    }
    std::this_thread::sleep_until(due_);
    // A reader that has fallen far behind (the program was stopped, or the file is too large to decode in
    // time) goes on from here instead of racing after its clock.
    constexpr auto kFarBehind = std::chrono::milliseconds(500);
    if (Clock::now() - due_ > kFarBehind) begin_ += Clock::now() - due_;
    frame.width = frame_.width;
    frame.height = frame_.height;
    frame.rgb = frame_.rgb;
    frame.captured = Clock::now();
    waiting_ = false;
    return true;
  }

  std::string describe() const override {
    return path_.filename().string() + ", " + std::to_string(reader_.info().width) + "x" +
           std::to_string(reader_.info().height);
  }

 private:
  VideoReader open() const { return VideoReader(path_, {.square_pixels = true}); }

  // The next picture into frame_ and its time into due_.
  bool fetch() {
    if (!reader_.read(frame_)) {
      begin_ += duration(last_s_ + frame_s_);
      reader_ = open();
      last_s_ = 0;
      if (!reader_.read(frame_)) throw Error(path_.string() + ": no picture in it can be decoded");
    }
    const double seconds =
        frame_.seconds() - static_cast<double>(reader_.info().first_pts) * frame_.time_base.value();
    if (seconds > last_s_) frame_s_ = std::min(seconds - last_s_, 1.0);
    last_s_ = seconds;
    due_ = begin_ + duration(seconds);
    waiting_ = true;
    return true;
  }

  static Clock::duration duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  std::filesystem::path path_;
  VideoReader reader_;
  Frame frame_;
  bool waiting_ = false;  // frame_ is yet to be shown, at due_
  Clock::time_point begin_, due_;
  double last_s_ = 0, frame_s_ = 0.04;
};

// A photo, again and again.
class RepeatedPhoto : public LiveInput {
 public:
  explicit RepeatedPhoto(const std::filesystem::path& path) : name_(path.filename().string()) {
    StillImage image = read_still(path);
    frame_.width = image.width;
    frame_.height = image.height;
    frame_.rgb = std::move(image.rgb);
    due_ = Clock::now();
  }

  bool read(LiveFrame& frame) override {
    constexpr auto kInterval = std::chrono::milliseconds(50);
    std::this_thread::sleep_until(due_);
    due_ = std::max(due_ + kInterval, Clock::now());
    frame = frame_;
    frame.captured = Clock::now();
    return true;
  }

  std::string describe() const override { return name_; }

 private:
  std::string name_;
  LiveFrame frame_;
  Clock::time_point due_;
};

std::filesystem::path test_pattern() {
  for (const std::filesystem::path& folder : model_folders()) {
    std::filesystem::path clip = folder.parent_path() / "assets" / "demo.mp4";
    std::error_code unreadable;
    if (std::filesystem::is_regular_file(clip, unreadable)) return clip;
  }
  throw Error("the test pattern, assets/demo.mp4, is missing", "install the program again");
}

std::unique_ptr<LiveInput> open_file(const std::filesystem::path& path) {
  if (probe(path) == InputKind::kStill) return std::make_unique<RepeatedPhoto>(path);
  return std::make_unique<LoopedVideo>(path);
}

}  // namespace

LiveInputKind live_input_kind(const std::string& source) {
  if (source == "test") return LiveInputKind::kTestPattern;
  const size_t colon = source.find("://");
  if (colon != std::string::npos && colon > 0) return LiveInputKind::kStream;
  if (source.starts_with("/dev/video")) return LiveInputKind::kCamera;
  std::error_code unreadable;
  const bool looks_like_file = source.find('/') != std::string::npos || source.find('.') != std::string::npos;
  if (looks_like_file || std::filesystem::exists(source, unreadable)) return LiveInputKind::kFile;
  return LiveInputKind::kCamera;
}

std::unique_ptr<LiveInput> open_live_input(const LiveInputOptions& options,
                                           const std::atomic<bool>& cancelled) {
  switch (live_input_kind(options.source)) {
    case LiveInputKind::kTestPattern:
      return open_file(test_pattern());
    case LiveInputKind::kFile:
      return open_file(options.source);
    case LiveInputKind::kStream:
      return open_stream(options.source, cancelled);
    default:
      return open_camera(options, cancelled);
  }
}

}  // namespace toonmirror::media
