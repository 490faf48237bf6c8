#include "media/describe_video.h"

extern "C" {
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cmath>

#include "media/convert_picture.h"

namespace toonmirror::media {

namespace {

constexpr int64_t kUnknown = AV_NOPTS_VALUE;

StreamInfo describe(const AVStream& stream) {
  StreamInfo info;
  const char* type = av_get_media_type_string(stream.codecpar->codec_type);
  info.type = is_cover(stream) ? "cover" : type != nullptr ? type : "unknown";
  info.codec = avcodec_get_name(stream.codecpar->codec_id);
  if (const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "language", nullptr, 0))
    info.language = tag->value;
  info.is_default = (stream.disposition & AV_DISPOSITION_DEFAULT) != 0;
  return info;
}

std::optional<double> stream_duration_s(const AVFormatContext& context, const AVStream& stream) {
  if (stream.duration != kUnknown && stream.duration > 0) {
    return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  }
  // Matroska states the duration of each track in a tag.
  int64_t tagged_us = 0;
  const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
  if (tag != nullptr && av_parse_time(&tagged_us, tag->value, 1) >= 0 && tagged_us > 0) {
    return static_cast<double>(tagged_us) / AV_TIME_BASE;
  }
  if (context.duration != kUnknown && context.duration > 0) {
    return static_cast<double>(context.duration) / AV_TIME_BASE;
  }
  return std::nullopt;
}

}  // namespace

Orientation stream_orientation(const AVStream& stream) {
  size_t size = 0;
  const uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (matrix == nullptr || size < 9 * sizeof(int32_t)) return {};
  return orientation_from_matrix(reinterpret_cast<const int32_t*>(matrix));
}

VideoInfo describe_container(const Input& input, int stream_index) {
  const AVStream& stream = input.stream(stream_index);
  VideoInfo info;
  info.path = input.path();
  info.time_base = from_av(stream.time_base);
  info.codec = avcodec_get_name(stream.codecpar->codec_id);
  info.rotation_degrees = clockwise_degrees(stream_orientation(stream));
  AVRational rate = stream.avg_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) rate = stream.r_frame_rate;
  if (rate.num > 0 && rate.den > 0) info.frame_rate = from_av(rate);
  constexpr double kHighestRate = 1000.0;  // above, it is the clock of the container rather than a frame rate
  if (const Rational base = from_av(stream.r_frame_rate); base.num > 0 && base.value() <= kHighestRate) {
    info.base_rate = base;
  }
  info.duration_s = stream_duration_s(input.context(), stream);
  // The count stored in a container includes pictures that an edit list hides, so duration times rate comes
  // first.
  if (info.duration_s && info.frame_rate.den != 0) {
    info.frame_count = std::max<int64_t>(1, std::llround(*info.duration_s * info.frame_rate.value()));
  } else if (stream.nb_frames > 0) {
    info.frame_count = stream.nb_frames;
  }
  for (int i = 0; i < input.stream_count(); ++i) {
    info.streams.push_back(describe(input.stream(i)));
    info.has_audio = info.has_audio || info.streams.back().type == "audio";
  }
  return info;
}

void describe_picture(const Input& input, int stream_index, const AVFrame& picture, VideoInfo& info) {
  const AVStream& stream = input.stream(stream_index);
  info.width = picture.width;
  info.height = picture.height;
  info.pixel_format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(picture.format));
  // FFmpeg's function takes non-const pointers and changes nothing.
  AVRational aspect = av_guess_sample_aspect_ratio(const_cast<AVFormatContext*>(&input.context()),
                                                   const_cast<AVStream*>(&stream), nullptr);
  if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
  if (stream_orientation(stream).swap_axes) std::swap(aspect.num, aspect.den);
  info.sample_aspect = from_av(aspect);
  info.colour.primaries = picture.color_primaries;
  info.colour.transfer = picture.color_trc;
  if ((av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format))->flags & AV_PIX_FMT_FLAG_RGB) != 0)
    return;
  info.colour.matrix = picture.colorspace;
  info.colour.range = is_full_range(picture) ? AVCOL_RANGE_JPEG : picture.color_range;
  info.colour.chroma_location = picture.chroma_location;
}

Error no_video_stream(const Input& input) {
  for (int i = 0; i < input.stream_count(); ++i) {
    const AVCodecParameters& codec = *input.stream(i).codecpar;
    if (codec.codec_type == AVMEDIA_TYPE_AUDIO) {
      return Error(input.path().string() + ": has no video stream, only sound (" +
                   avcodec_get_name(codec.codec_id) + ")");
    }
  }
  return Error(input.path().string() + ": has no video stream");
}

}  // namespace toonmirror::media
