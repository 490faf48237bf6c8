#include "media/probe.h"

#include "base/error.h"
#include "media/input.h"
#include "media/picture_file.h"

namespace toonmirror::media {

InputKind probe(const std::filesystem::path& path) {
  check_readable(path);
  if (picture_format(path) != PictureFormat::kNone) return InputKind::kStill;
  const Input input(path);
  if (input.video_stream() >= 0) return InputKind::kVideo;
  for (int i = 0; i < input.stream_count(); ++i) {
    if (input.stream(i).codecpar->codec_type == AVMEDIA_TYPE_AUDIO) return InputKind::kAudioOnly;
  }
  throw Error(path.string() + ": has neither pictures nor sound");
}

}  // namespace toonmirror::media
