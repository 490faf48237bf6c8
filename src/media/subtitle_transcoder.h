// Converting text subtitles to the format that the output container holds.
#pragma once

#include <cstdint>
#include <vector>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// True for subtitles made of text; the others are pictures and cannot be converted.
bool is_text_subtitle(AVCodecID codec);

class SubtitleTranscoder {
 public:
  // Throws Error when the track cannot be read or the target format not be written.
  SubtitleTranscoder(const AVStream& source, AVCodecID target);

  const AVCodecContext& encoder() const { return *encoder_; }
  AVRational time_base() const { return {1, AV_TIME_BASE}; }

  // Fills `converted` (times in time_base()); false for a packet without text. `packet` has times in the
  // source stream's time base.
  bool convert(const AVPacket& packet, AVPacket& converted);

 private:
  AVRational source_time_base_;
  CodecContextPtr decoder_, encoder_;
  std::vector<uint8_t> buffer_;
};

}  // namespace toonmirror::media
