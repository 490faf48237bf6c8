// What the container files we write can hold.
#pragma once

#include <filesystem>
#include <string>

#include "media/ffmpeg.h"

namespace toonmirror::media {

struct Container {
  std::string name;  // as the user says it: "mp4", "mkv" …
  const AVOutputFormat* format = nullptr;
  AVCodecID video = AV_CODEC_ID_H264;     // when the user chose none
  AVCodecID audio = AV_CODEC_ID_AAC;      // for sound that cannot be copied
  AVCodecID subtitle = AV_CODEC_ID_NONE;  // for text subtitles that cannot be copied; NONE: it holds none
  // Picture times are multiples of the frame duration, and the order of storage is the order of display.
  bool constant_rate = false;
  // Sound may begin before time zero (an encoder's priming), which the container hides by an edit list.
  bool negative_times = false;
  bool holds_cover = false;
  bool holds_attachments = false;
};

// By the extension of `target`. Throws Error for one we do not write.
Container container_for(const std::filesystem::path& target);

// True when streams of this codec can be stored.
bool can_hold(const Container& container, AVCodecID codec);

}  // namespace toonmirror::media
