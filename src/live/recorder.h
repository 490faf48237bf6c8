// Recording what a live picture shows, without ever making it wait.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>

namespace toonmirror::media {
class LiveSound;
}

namespace toonmirror::live {

class LiveRecorder {
 public:
  // Pictures of other sizes than the first are scaled to it; the first is captured at `begin`. `sound` null:
  // none. Throws Error: unknown container, not writable.
  LiveRecorder(const std::filesystem::path& file, cv::Size size, std::chrono::steady_clock::time_point begin,
               std::shared_ptr<media::LiveSound> sound = nullptr);
  // Without finish() nothing is left behind.
  ~LiveRecorder();
  LiveRecorder(const LiveRecorder&) = delete;
  LiveRecorder& operator=(const LiveRecorder&) = delete;

  // A picture (CV_8UC3 RGB) captured at that time, encoded in the background. Dropped where the encoder is
  // four pictures behind.
  void write(const cv::Mat& rgb, std::chrono::steady_clock::time_point captured);

  // Encodes what waits and completes the file. Throws Error: disk full, no picture was written.
  void finish();

  double seconds() const;  // between first and last picture
  int64_t dropped() const;
  // By how much sound and pictures have drifted apart, seconds, once it is finished.
  double sound_drift_s() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::live
