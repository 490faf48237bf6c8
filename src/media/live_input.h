// Pictures as they come: cameras, network streams, and files that are played in real time and over again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace toonmirror::media {

struct LiveInputOptions {
  // What to open: a camera by number ("0"), device ("/dev/video0") or part of its name; a stream's address
  // ("rtsp://…", "http://…"); a video or a photo; "test": the synthetic face that ships.
  std::string source = "0";
  // What a camera is asked for; 0 and empty: what suits a live picture best.
  int width = 0, height = 0;
  double rate = 0;          // pictures per second
  std::string format = {};  // "mjpeg", "yuyv", "h264"
};

struct LiveFrame {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3], square pixels
  std::chrono::steady_clock::time_point captured;
};

class LiveInput {
 public:
  virtual ~LiveInput() = default;

  // Waits for the next picture, not longer than 0.1 s. False: none yet. Throws Error where there will be no
  // more.
  virtual bool read(LiveFrame& frame) = 0;

  // For people: "USB camera, 640x480, 30 fps".
  virtual std::string describe() const = 0;
};

enum class LiveInputKind { kCamera, kStream, kFile, kTestPattern };

LiveInputKind live_input_kind(const std::string& source);

// `cancelled` ends waiting for the network; it must outlive the input. Throws Error: no such camera, busy,
// forbidden, no stream there, not a video.
std::unique_ptr<LiveInput> open_live_input(const LiveInputOptions& options,
                                           const std::atomic<bool>& cancelled);

}  // namespace toonmirror::media
