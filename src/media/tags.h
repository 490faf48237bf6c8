// Titles, languages, chapters: what a container says about its content.
#pragma once

#include <cstdint>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// The tags of the file, without those that describe the old container.
void copy_file_tags(const AVFormatContext& from, AVFormatContext& to);

// Tags and disposition of a stream, without rotation (pictures are written upright) and old statistics; with
// `stripped` its language alone.
void copy_stream_tags(const AVStream& from, AVStream& to, bool stripped);

// Chapters, earlier by `origin_us`; nothing starts before zero.
void copy_chapters(const AVFormatContext& from, AVFormatContext& to, int64_t origin_us);

}  // namespace toonmirror::media
