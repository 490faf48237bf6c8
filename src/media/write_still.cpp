#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/error.h"
#include "base/output_file.h"
#include "base/text.h"
#include "media/colour_profile.h"
#include "media/convert_picture.h"
#include "media/ffmpeg.h"
#include "media/heif.h"
#include "media/still.h"
#include "media/upright_picture.h"

namespace toonmirror::media {

namespace {

struct Row {
  std::string_view extension;
  const char* encoder;
  AVPixelFormat opaque, transparent;  // transparent NONE: the format has no alpha
};

constexpr std::string_view kAvif = "avif", kBmp = "bmp";

constexpr std::array<Row, 8> kFormats = {{{"png", "png", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
                                          {"jpg", "mjpeg", AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_NONE},
                                          {"jpeg", "mjpeg", AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_NONE},
                                          {"webp", "libwebp", AV_PIX_FMT_YUV420P, AV_PIX_FMT_BGRA},
                                          {kAvif, "libheif", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
                                          {kBmp, "bmp", AV_PIX_FMT_BGR24, AV_PIX_FMT_NONE},
                                          {"tif", "tiff", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
                                          {"tiff", "tiff", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA}}};

const Row& format_for(const std::filesystem::path& path) {
  const std::string extension = extension_of(path.string());
  const auto row = std::ranges::find(kFormats, extension, &Row::extension);
  if (row == kFormats.end()) {
    throw Error(path.string() + ": cannot tell the kind of picture to write from its name",
                "end the name in .png, .jpg, .webp, .avif, .bmp or .tif");
  }
  return *row;
}

// The colour c with c·a + white·(1 - a) = composited: undoes what reading did.
uint8_t without_white(int composited, int alpha) {
  if (alpha == 0) return 255;
  return static_cast<uint8_t>(
      std::clamp((255 * composited - 255 * (255 - alpha) + alpha / 2) / alpha, 0, 255));
}

// The picture in the file's own colours: its pixels where nothing was drawn, the others as its profile has them.
std::vector<uint8_t> in_own_colours(const StillImage& image) {
  if (image.own_rgb.empty()) return image.rgb;
  const std::vector<uint8_t> as_read = to_srgb(image.own_rgb, image.icc);
  std::vector<uint8_t> result = from_srgb(image.rgb, image.icc);
  for (size_t i = 0; i + 2 < result.size(); i += 3) {
    if (std::equal(&image.rgb[i], &image.rgb[i] + 3, &as_read[i]))
      std::copy_n(&image.own_rgb[i], 3, &result[i]);
  }
  return result;
}

// RGB of each pixel without the white that transparent pixels were laid over.
std::vector<uint8_t> uncomposited(const std::vector<uint8_t>& rgb, const std::vector<uint8_t>& alpha) {
  std::vector<uint8_t> result(rgb.size());
  for (size_t i = 0; i < rgb.size(); ++i) result[i] = without_white(rgb[i], alpha[i / 3]);
  return result;
}

// `rgb` is not composited.
FramePtr rgba_picture(const StillImage& image, const std::vector<uint8_t>& rgb) {
  FramePtr picture = make_picture(AV_PIX_FMT_RGBA, image.width, image.height);
  picture->colorspace = AVCOL_SPC_RGB;
  for (size_t y = 0, i = 0; y < static_cast<size_t>(image.height); ++y) {
    uint8_t* to = picture->data[0] + static_cast<ptrdiff_t>(y) * picture->linesize[0];
    for (int x = 0; x < image.width; ++x, ++i, to += 4) {
      std::copy_n(&rgb[3 * i], 3, to);
      to[3] = (*image.alpha)[i];
    }
  }
  return picture;
}

FramePtr picture_to_encode(const StillImage& image, const std::vector<uint8_t>& pixels,
                           AVPixelFormat format) {
  const bool transparent = has_alpha(format);
  const FramePtr source =
      transparent ? rgba_picture(image, pixels) : borrow_rgb(pixels.data(), image.width, image.height);
  FramePtr picture = make_picture(format, image.width, image.height);
  picture->colorspace = AVCOL_SPC_SMPTE170M;  // what readers of JPEG and WebP assume
  picture->chroma_location = AVCHROMA_LOC_CENTER;
  picture->color_range = format == AV_PIX_FMT_YUV420P ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
  PictureConverter().convert(*source, *picture);
  return picture;
}

PacketPtr encode(const Row& row, const AVFrame& picture, int quality, const std::string& path) {
  const AVCodec* codec = avcodec_find_encoder_by_name(row.encoder);
  if (codec == nullptr)
    throw Error("this build of FFmpeg cannot write ." + std::string(row.extension) + " pictures");
  CodecContextPtr encoder(avcodec_alloc_context3(codec));
  if (!encoder) throw Error("out of memory for " + path);
  encoder->width = picture.width;
  encoder->height = picture.height;
  encoder->pix_fmt = static_cast<AVPixelFormat>(picture.format);
  encoder->color_range = picture.color_range;
  encoder->time_base = {1, 1};
  encoder->thread_count = 1;
  AVDictionary* options = nullptr;
  if (std::string_view(row.encoder) == "mjpeg") {
    // FFmpeg counts JPEG quality as a quantiser scale, 1 (best) to 31.
    const int scale = 1 + ((100 - quality) * 30 + 49) / 99;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = scale * FF_QP2LAMBDA;
    encoder->qmin = 1;
    av_dict_set(&options, "huffman", "optimal", 0);
  } else if (std::string_view(row.encoder) == "libwebp") {
    av_dict_set_int(&options, "quality", quality, 0);
  }
  const int opened = avcodec_open2(encoder.get(), codec, &options);
  DictionaryPtr left_over(options);
  const std::string failed = path + ": a picture of " + std::to_string(picture.width) + "x" +
                             std::to_string(picture.height) + " cannot be encoded";
  check(opened, failed);
  FramePtr frame(av_frame_clone(&picture));
  if (!frame) throw Error("out of memory for " + path);
  frame->quality = encoder->global_quality;
  frame->pts = 0;
  PacketPtr packet = make_packet();
  check(avcodec_send_frame(encoder.get(), frame.get()), failed);
  check(avcodec_send_frame(encoder.get(), nullptr), failed);
  check(avcodec_receive_packet(encoder.get(), packet.get()), failed);
  return packet;
}

std::vector<uint8_t> encoded(const StillImage& image, const Row& row, int quality, const std::string& path) {
  const bool keeps_alpha = image.alpha.has_value() && row.transparent != AV_PIX_FMT_NONE;
  const bool plain = row.extension == kBmp;
  std::vector<uint8_t> pixels = plain ? image.rgb : in_own_colours(image);
  if (keeps_alpha) pixels = uncomposited(pixels, *image.alpha);
  if (row.extension == kAvif) {
    return avif_file(image.width, image.height, pixels, keeps_alpha ? &*image.alpha : nullptr, quality,
                     image.metadata, image.icc);
  }
  const FramePtr picture = picture_to_encode(image, pixels, keeps_alpha ? row.transparent : row.opaque);
  if (!plain && !image.icc.empty()) {
    AVFrameSideData* profile =
        av_frame_new_side_data(picture.get(), AV_FRAME_DATA_ICC_PROFILE, image.icc.size());
    if (profile == nullptr) throw Error("out of memory for " + path);
    std::ranges::copy(image.icc, profile->data);
  }
  const PacketPtr packet = encode(row, *picture, quality, path);
  const std::vector<uint8_t> file(packet->data, packet->data + packet->size);
  return plain ? file : with_metadata(file, image.metadata, image.icc);
}

}  // namespace

std::vector<std::string> write_still(const std::filesystem::path& path, const StillImage& image,
                                     int quality) {
  prepare_ffmpeg_logging();
  const Row& row = format_for(path);
  std::vector<uint8_t> content;
  try {
    content = encoded(image, row, std::clamp(quality, 1, 100), path.string());
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(path.string())) throw;
    throw Error(path.string() + ": " + error.what(), error.hint());
  }
  OutputFile output(path);
  std::ofstream file(output.temporary_path(), std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) throw Error(path.string() + ": cannot be written: " + std::strerror(errno));
  output.commit();
  if (row.extension != kBmp || (image.metadata.empty() && image.icc.empty())) return {};
  return {path.string() + ": date, place and colour profile are left out, which BMP files cannot hold"};
}

}  // namespace toonmirror::media
