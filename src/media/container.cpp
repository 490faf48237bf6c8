#include "media/container.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace toonmirror::media {

namespace {

struct Row {
  std::string_view extension;
  const char* muxer;
  AVCodecID video, audio, subtitle;
  bool constant_rate, negative_times, holds_cover, holds_attachments;
};

constexpr std::array<Row, 8> kContainers = {{
    {"mp4", "mp4", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_MOV_TEXT, false, true, true, false},
    {"m4v", "mp4", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_MOV_TEXT, false, true, true, false},
    {"mov", "mov", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_MOV_TEXT, false, true, false, false},
    {"mkv", "matroska", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_SUBRIP, false, false, false, true},
    {"webm", "webm", AV_CODEC_ID_VP9, AV_CODEC_ID_OPUS, AV_CODEC_ID_WEBVTT, false, false, false, false},
    {"avi", "avi", AV_CODEC_ID_H264, AV_CODEC_ID_MP3, AV_CODEC_ID_NONE, true, false, false, false},
    {"ts", "mpegts", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_NONE, false, false, false, false},
    {"m2ts", "mpegts", AV_CODEC_ID_H264, AV_CODEC_ID_AAC, AV_CODEC_ID_NONE, false, false, false, false},
}};

// Transport streams have no list of codecs in FFmpeg: these are the ones with a stream type of their own that
// players know.
constexpr std::array<AVCodecID, 10> kTransportStreamCodecs = {
    AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3,  AV_CODEC_ID_AAC,
    AV_CODEC_ID_AC3,  AV_CODEC_ID_EAC3, AV_CODEC_ID_DTS, AV_CODEC_ID_OPUS, AV_CODEC_ID_DVB_SUBTITLE};

}  // namespace

Container container_for(const std::filesystem::path& target) {
  const std::string extension = extension_of(target.string());
  const auto row = std::ranges::find(kContainers, extension, &Row::extension);
  if (row == kContainers.end()) {
    throw Error(target.string() + ": cannot tell the kind of video to write from its name",
                "end the name in .mp4, .mov, .mkv, .webm, .avi or .ts");
  }
  Container container;
  container.name = extension;
  container.format = av_guess_format(row->muxer, nullptr, nullptr);
  if (container.format == nullptr) throw Error("this build of FFmpeg cannot write ." + extension + " files");
  container.video = row->video;
  container.audio = row->audio;
  container.subtitle = row->subtitle;
  container.constant_rate = row->constant_rate;
  container.negative_times = row->negative_times;
  container.holds_cover = row->holds_cover;
  container.holds_attachments = row->holds_attachments;
  return container;
}

bool can_hold(const Container& container, AVCodecID codec) {
  if (std::string_view(container.format->name) == "mpegts") {
    return std::ranges::find(kTransportStreamCodecs, codec) != kTransportStreamCodecs.end();
  }
  // FFmpeg writes Vorbis into MP4 and hardly any player takes it out again.
  if (codec == AV_CODEC_ID_VORBIS && std::string_view(container.format->name) == "mp4") return false;
  return avformat_query_codec(container.format, codec, FF_COMPLIANCE_NORMAL) == 1;
}

}  // namespace toonmirror::media
