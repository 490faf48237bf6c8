// The output container while it is being written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/output_file.h"
#include "media/container.h"
#include "media/ffmpeg.h"

namespace toonmirror::media {

// Writes packets to a hidden file beside the target, which becomes the target with commit(). Add streams to
// context() first, then begin(), write() and commit(). Every method throws Error for a disk that is full or
// otherwise fails.
class Muxer {
 public:
  Muxer(const std::filesystem::path& target, const Container& container);

  AVFormatContext& context() const { return *context_; }
  // A new stream with the time base as a wish; the container may choose another in begin().
  AVStream& add_stream(AVRational time_base);

  // Writes the header.
  void begin();
  // Takes over the content of `packet`, whose times are in `time_base`. False when the packet itself is
  // damaged and was left out.
  bool write(AVPacket& packet, AVRational time_base);
  // Completes the file and puts it in the target's place.
  void commit();

 private:
  [[noreturn]] void fail(int code) const;

  OutputFile file_;
  OutputContextPtr context_;
  std::vector<int64_t> last_dts_;  // per stream, in its ticks
};

}  // namespace toonmirror::media
