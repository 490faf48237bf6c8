#include "media/video_encoder.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "media/convert_picture.h"
#include "media/paste_changed.h"

namespace toonmirror::media {

namespace {

struct CodecRow {
  std::string_view name;
  AVCodecID id;
  const char* encoder;
  // At these values a noisy 360x288 MPEG-1 clip keeps 46 dB or more on average and 45 dB in its worst frame,
  // measured over whole untouched frames with the medium speed level: well above the 38 dB promised for
  // untouched pixels.
  int default_crf;
  int highest_crf;
};

constexpr std::array<CodecRow, 5> kCodecs = {{{"h264", AV_CODEC_ID_H264, "libx264", 18, 51},
                                              {"hevc", AV_CODEC_ID_HEVC, "libx265", 18, 51},
                                              {"vp9", AV_CODEC_ID_VP9, "libvpx-vp9", 18, 63},
                                              {"av1", AV_CODEC_ID_AV1, "libsvtav1", 20, 63},
                                              {"ffv1", AV_CODEC_ID_FFV1, "ffv1", 0, 0}}};

// The presets of x264 and x265, with the speed levels of libvpx (cpu-used) and SVT-AV1 (preset) that cost
// about the same.
struct PresetRow {
  std::string_view name;
  int vpx_speed, svt_preset;
};

constexpr std::array<PresetRow, 9> kPresets = {{{"ultrafast", 8, 12},
                                                {"superfast", 7, 11},
                                                {"veryfast", 6, 10},
                                                {"faster", 5, 9},
                                                {"fast", 4, 8},
                                                {"medium", 3, 7},
                                                {"slow", 2, 5},
                                                {"slower", 1, 4},
                                                {"veryslow", 0, 3}}};

const PresetRow& preset_row(std::string_view name) {
  return *std::ranges::find(kPresets, name, &PresetRow::name);
}

template <typename Rows>
std::string joined_names(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

// The formats that can be written pixel by pixel, in the words of this encoder.
std::vector<AVPixelFormat> usable_formats(const AVCodec& codec) {
  std::vector<AVPixelFormat> formats;
  for (const AVPixelFormat* format = codec.pix_fmts; format != nullptr && *format != AV_PIX_FMT_NONE;
       ++format) {
    const std::string_view name(av_get_pix_fmt_name(*format));
    const bool common_shape =
        name.find("440") == std::string_view::npos && name.find("yuvj") == std::string_view::npos;
    if (common_shape && can_paste(*format)) formats.push_back(*format);
  }
  formats.push_back(AV_PIX_FMT_NONE);
  return formats;
}

void set(AVDictionary** options, const char* key, const std::string& value) {
  av_dict_set(options, key, value.c_str(), 0);
}

DictionaryPtr encoder_options(const EncoderChoice& choice) {
  AVDictionary* options = nullptr;
  const std::string threads = std::to_string(choice.threads);
  if (choice.name == "h264" || choice.name == "hevc") {
    set(&options, "crf", std::to_string(choice.crf));
    set(&options, "preset", choice.preset);
  }
  if (choice.name == "hevc") {
    set(&options, "x265-params", choice.threads > 0 ? "log-level=none:pools=" + threads : "log-level=none");
  }
  if (choice.name == "vp9") {
    set(&options, "crf", std::to_string(choice.crf));
    set(&options, "deadline", "good");
    set(&options, "cpu-used", std::to_string(preset_row(choice.preset).vpx_speed));
    set(&options, "row-mt", "1");
  }
  if (choice.name == "av1") {
    set(&options, "crf", std::to_string(choice.crf));
    set(&options, "preset", std::to_string(preset_row(choice.preset).svt_preset));
    if (choice.threads > 0) set(&options, "svtav1-params", "lp=" + threads);
  }
  if (choice.name == "ffv1") set(&options, "level", "3");
  return DictionaryPtr(options);
}

}  // namespace

EncoderChoice choose_encoder(const VideoWriterOptions& options, const Container& container) {
  const bool automatic = options.codec == "auto";
  const auto row = automatic ? std::ranges::find(kCodecs, container.video, &CodecRow::id)
                             : std::ranges::find(kCodecs, options.codec, &CodecRow::name);
  if (row == kCodecs.end()) {
    throw Error("unknown video codec '" + options.codec + "'",
                "choose one of auto, " + joined_names(kCodecs));
  }
  if (std::ranges::find(kPresets, options.preset, &PresetRow::name) == kPresets.end()) {
    throw Error("unknown preset '" + options.preset + "'", "choose one of " + joined_names(kPresets));
  }
  if (!can_hold(container, row->id)) {
    throw Error("a ." + container.name + " file cannot hold " + std::string(row->name) + " video",
                "use --codec auto or another extension, such as .mkv");
  }
  EncoderChoice choice;
  choice.name = row->name;
  choice.codec = avcodec_find_encoder_by_name(row->encoder);
  if (choice.codec == nullptr) {
    throw Error("this build of FFmpeg lacks the encoder " + std::string(row->encoder),
                "choose another codec");
  }
  choice.crf = options.crf.value_or(row->default_crf);
  if (row->highest_crf > 0 && (choice.crf < 0 || choice.crf > row->highest_crf)) {
    throw Error("crf " + std::to_string(choice.crf) + " is out of range for " + choice.name,
                "use 0 (best) to " + std::to_string(row->highest_crf));
  }
  choice.preset = options.preset;
  choice.threads = options.threads;
  return choice;
}

AVPixelFormat encoder_format(const EncoderChoice& choice, AVPixelFormat source, int width, int height,
                             std::vector<std::string>& notices) {
  const AVPixFmtDescriptor& from = *av_pix_fmt_desc_get(source);
  const bool odd = width % 2 != 0 || height % 2 != 0;
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  const bool rgb = (from.flags & AV_PIX_FMT_FLAG_RGB) != 0;
  if (choice.name == "h264") {
    if (odd) {
      notices.push_back("written as H.264 4:4:4, because its usual 4:2:0 cannot have the odd size " + size);
      return AV_PIX_FMT_YUV444P;
    }
    if (from.comp[0].depth > 8) {
      notices.push_back(
          std::to_string(from.comp[0].depth) +
          "-bit pictures written with 8 bits, which every H.264 player shows; --codec hevc keeps more");
    } else if (!rgb && from.nb_components >= 3 && from.log2_chroma_h + from.log2_chroma_w < 2) {
      notices.emplace_back(
          "colour written at half resolution (4:2:0), which every H.264 player shows; --codec hevc keeps it");
    }
    return AV_PIX_FMT_YUV420P;
  }
  std::vector<AVPixelFormat> formats = usable_formats(*choice.codec);
  if (odd && choice.name == "hevc") {
    std::erase_if(formats, [](AVPixelFormat format) {
      const AVPixFmtDescriptor* shape = av_pix_fmt_desc_get(format);
      return shape != nullptr && (shape->log2_chroma_w != 0 || shape->log2_chroma_h != 0);
    });
    notices.push_back("written as HEVC 4:4:4, because 4:2:0 cannot have the odd size " + size);
  }
  // RGB sources (GIF, screen recordings) go to 4:2:0 where players expect that, and stay sharp in the
  // lossless codec.
  const AVPixelFormat wanted = rgb && choice.name != "ffv1" ? AV_PIX_FMT_YUV420P
                               : rgb                        ? AV_PIX_FMT_YUV444P
                                                            : without_yuvj(source);
  return avcodec_find_best_pix_fmt_of_list(formats.data(), wanted, 0, nullptr);
}

CodecContextPtr open_encoder(const EncoderChoice& choice, const EncodedShape& shape,
                             const Container& container) {
  CodecContextPtr encoder(avcodec_alloc_context3(choice.codec));
  if (!encoder) throw Error("out of memory for the video encoder");
  encoder->width = shape.width;
  encoder->height = shape.height;
  encoder->pix_fmt = shape.format;
  encoder->time_base = shape.time_base;
  encoder->framerate = shape.frame_rate;
  encoder->sample_aspect_ratio = shape.sample_aspect;
  encoder->colorspace = static_cast<AVColorSpace>(shape.colour.matrix);
  encoder->color_range = static_cast<AVColorRange>(shape.colour.range);
  encoder->color_primaries = static_cast<AVColorPrimaries>(shape.colour.primaries);
  encoder->color_trc = static_cast<AVColorTransferCharacteristic>(shape.colour.transfer);
  encoder->chroma_sample_location = static_cast<AVChromaLocation>(shape.colour.chroma_location);
  encoder->thread_count = choice.threads;
  if ((container.format->flags & AVFMT_GLOBALHEADER) != 0) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (container.constant_rate) encoder->max_b_frames = 0;
  // The tag by which Apple's players know HEVC in MP4.
  if (choice.name == "hevc" && can_hold(container, AV_CODEC_ID_MOV_TEXT)) {
    encoder->codec_tag = MKTAG('h', 'v', 'c', '1');
  }
  if (choice.name == "av1") ::setenv("SVT_LOG", "1", 0);  // errors only; the library prints by itself

  AVDictionary* options = encoder_options(choice).release();
  const int opened = avcodec_open2(encoder.get(), choice.codec, &options);
  DictionaryPtr left_over(options);
  check(opened, "the " + choice.name + " encoder refuses pictures of " + std::to_string(shape.width) + "x" +
                    std::to_string(shape.height));
  return encoder;
}

}  // namespace toonmirror::media
