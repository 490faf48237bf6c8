#include "media/tags.h"

#include <algorithm>
#include <initializer_list>

#include "base/error.h"

namespace toonmirror::media {

namespace {

void copy_tags(const AVDictionary* from, AVDictionary** to, std::initializer_list<const char*> without) {
  check(av_dict_copy(to, from, 0), "the tags of the source");
  for (const char* key : without) av_dict_set(to, key, nullptr, 0);
}

}  // namespace

void copy_file_tags(const AVFormatContext& from, AVFormatContext& to) {
  copy_tags(from.metadata, &to.metadata,
            {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"});
}

void copy_stream_tags(const AVStream& from, AVStream& to, bool stripped) {
  to.disposition = from.disposition;
  if (stripped) {
    const AVDictionaryEntry* language = av_dict_get(from.metadata, "language", nullptr, 0);
    if (language != nullptr) av_dict_set(&to.metadata, language->key, language->value, 0);
    return;
  }
  copy_tags(from.metadata, &to.metadata,
            {"rotate", "encoder", "vendor_id", "DURATION", "BPS", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES",
             "_STATISTICS_WRITING_APP", "_STATISTICS_WRITING_DATE_UTC", "_STATISTICS_TAGS"});
}

void copy_chapters(const AVFormatContext& from, AVFormatContext& to, int64_t origin_us) {
  if (from.nb_chapters == 0) return;
  to.chapters = static_cast<AVChapter**>(av_calloc(from.nb_chapters, sizeof(AVChapter*)));
  if (to.chapters == nullptr) throw Error("out of memory for chapters");
  for (unsigned i = 0; i < from.nb_chapters; ++i) {
    const AVChapter& source = *from.chapters[i];
    auto* chapter = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (chapter == nullptr) throw Error("out of memory for chapters");
    to.chapters[to.nb_chapters++] = chapter;
    const int64_t shift = av_rescale_q(origin_us, AV_TIME_BASE_Q, source.time_base);
    chapter->id = source.id;
    chapter->time_base = source.time_base;
    chapter->start = std::max<int64_t>(0, source.start - shift);
    chapter->end = std::max(chapter->start, source.end - shift);
    check(av_dict_copy(&chapter->metadata, source.metadata, 0), "chapters");
  }
}

}  // namespace toonmirror::media
