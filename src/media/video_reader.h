// Reading a video: every shown picture, upright, as RGB, with its exact presentation time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/frame.h"

namespace toonmirror::media {

struct StreamInfo {
  std::string type;      // "video", "audio", "subtitle", "attachment", "data", "cover"
  std::string codec;     // FFmpeg's name, such as "aac"
  std::string language;  // as tagged, such as "eng"; empty when untagged
  bool is_default = false;
};

// How the numbers of a picture are to be read: FFmpeg's AVColorSpace, AVColorRange, AVColorPrimaries,
// AVColorTransferCharacteristic and AVChromaLocation. The defaults mean "unspecified".
struct ColourTags {
  int matrix = 2;
  int range = 0;
  int primaries = 2;
  int transfer = 2;
  int chroma_location = 0;
};

// Size, rate, colours and start are those of the first picture and hold; frame_count and duration_s are what
// the container claims.
struct VideoInfo {
  std::filesystem::path path;
  int width = 0;                 // pixels, upright
  int height = 0;                // pixels, upright
  Rational sample_aspect{1, 1};  // width : height of one pixel, upright
  Rational frame_rate{0, 0};     // average, frames per second; den 0 when unknown
  Rational base_rate{0, 0};      // all frame times are multiples of 1 / base_rate; den 0 when unknown
  Rational time_base{1, 1000};   // of Frame::pts
  int64_t first_pts = 0;         // of the first picture
  std::optional<int64_t> frame_count;
  std::optional<double> duration_s;  // of the pictures, not of a longer sound track
  std::string codec;                 // FFmpeg's name, such as "h264"
  std::string pixel_format;          // of Frame::picture, FFmpeg's name, such as "yuv420p"
  ColourTags colour;
  int rotation_degrees = 0;  // clockwise turn that was applied: 0, 90, 180 or 270
  bool has_audio = false;
  std::vector<StreamInfo> streams;
};

struct VideoReaderOptions {
  int threads = 1;  // decoder threads; 0: one per core
  // Stretches what has other pixels than square ones (SquareStretch). VideoInfo then tells the stretched size and
  // an aspect of 1:1, and stretched frames have no `picture`.
  bool square_pixels = false;
};

// Damage that was tolerated while reading.
struct ReadWarnings {
  int64_t count = 0;
  std::string first;  // the first, or the one that explains the others: one line naming file and time

  // For people: the first, and how many more there are. Empty where nothing was wrong.
  std::string summary() const;
};

// Opens `path` and decodes its first real video stream (cover pictures do not count). Transparent pictures
// are composited over white. Frames that cannot be decoded are concealed by the decoder or repeat the one
// before, so that the count of frames and their times are kept. Throws Error with one clear line: missing,
// empty, not a video, no video stream, undecodable. Throws Interrupted (base/interrupt.h) after Ctrl-C.
class VideoReader {
 public:
  explicit VideoReader(const std::filesystem::path& path, const VideoReaderOptions& options = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  const VideoInfo& info() const;

  // Reads the next picture in presentation order; false at the end. Reuses the memory of `frame.rgb`.
  bool read(Frame& frame);

  // Grows while reading; complete once read() has returned false.
  const ReadWarnings& warnings() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::media
