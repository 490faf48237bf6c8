// Writing a video: encoded pictures at exact times, everything else of the source copied beside them.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/frame.h"
#include "media/video_reader.h"

namespace toonmirror::media {

class LiveSound;  // live_sound.h

struct VideoWriterOptions {
  // "auto" (H.264, or VP9 where the container is WebM), "h264", "hevc", "vp9", "av1" or "ffv1" (lossless).
  std::string codec = "auto";
  // Constant quality, lower is better: 0..51 for h264 and hevc, 0..63 for vp9 and av1. Unset: the codec's
  // default, chosen so that untouched pixels of a noisy 360x288 MPEG-1 clip keep more than 38 dB. Meaningless
  // for ffv1.
  std::optional<int> crf = std::nullopt;
  std::string preset =
      "fast";       // x264's names, ultrafast … veryslow; mapped to the speed levels of the other encoders
  int threads = 1;  // encoder threads; 0: the encoder decides
  int width = 0;    // pixels of the output; 0: as the source
  int height = 0;
  bool strip_metadata = false;  // what the source says of date, place, camera and titles is left out
  // A microphone to record beside the pictures, whose time zero is `sound_zero`; null: none.
  std::shared_ptr<LiveSound> sound = nullptr;
  std::chrono::steady_clock::time_point sound_zero = {};
};

// Encodes pictures to `target`; the container follows its extension (.mp4 .m4v .mov .mkv .webm .avi .ts).
//
// The sound tracks, subtitles, chapters, cover pictures and tags of `source.path` are taken along: bit for
// bit where the container can hold them, otherwise converted or left out, which notices() tells. The sound is
// never cut: where it is longer than the pictures, players hold the last one. Times are those of the source;
// a source that does not start at zero is moved to zero as a whole.
//
// Pixels the program did not change survive: the encoder gets the decoded picture itself, in which only the
// changed pixels of the stated rectangle are replaced.
//
// The target appears only with commit(); before that there is a hidden temporary file beside it, which the
// destructor removes. Throws Error: unknown container or codec, unwritable target, target equal to source,
// disk full.
class VideoWriter {
 public:
  // `source.path` empty: pictures only (size, pixel aspect, rate and time base come from `source`).
  VideoWriter(const std::filesystem::path& target, const VideoInfo& source,
              const VideoWriterOptions& options = {});
  ~VideoWriter();
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;

  // `changed`: where frame.rgb may differ from what the reader delivered; nullopt: nowhere. Frames must come
  // with increasing pts and the size of the output. A frame without `picture` is converted as a whole.
  void write(const Frame& frame, std::optional<Rect> changed = std::nullopt);

  // Completes the file and renames it to the target. Throws Error when no frame was written.
  void commit();

  // How much earlier the microphone's clock says it is than ours, seconds, by its last packet: what sound and
  // pictures have drifted apart since the first one, which was aligned. 0 without a microphone.
  double sound_drift_s() const;

  // What the user should know, one line each: "sound track 1 re-encoded to AAC: mp4 cannot hold pcm_s16le".
  // Complete after commit().
  const std::vector<std::string>& notices() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace toonmirror::media
