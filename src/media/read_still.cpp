#include <algorithm>
#include <fstream>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "media/colour_profile.h"
#include "media/exif.h"
#include "media/ffmpeg.h"
#include "media/heif.h"
#include "media/input.h"
#include "media/picture_file.h"
#include "media/still.h"
#include "media/upright_picture.h"

namespace toonmirror::media {

namespace {

constexpr int64_t kMostPixels = int64_t{1} << 28;
constexpr uintmax_t kMostBytes = uintmax_t{1} << 30;

AVCodecID codec_of(PictureFormat format, const std::vector<uint8_t>& file) {
  switch (format) {
    case PictureFormat::kJpeg:
      return AV_CODEC_ID_MJPEG;
    case PictureFormat::kPng:
      return AV_CODEC_ID_PNG;
    case PictureFormat::kWebp:
      return AV_CODEC_ID_WEBP;
    case PictureFormat::kBmp:
      return AV_CODEC_ID_BMP;
    case PictureFormat::kTiff:
      return AV_CODEC_ID_TIFF;
    case PictureFormat::kPnm: {
      // The digit tells bits (1, 4), grey (2, 5) and colour (3, 6), as text or binary.
      constexpr AVCodecID kByKind[] = {AV_CODEC_ID_PBM, AV_CODEC_ID_PGM, AV_CODEC_ID_PPM};
      return kByKind[(file[1] - '1') % 3];
    }
    case PictureFormat::kJpeg2000:
      return AV_CODEC_ID_JPEG2000;
    case PictureFormat::kJpegXl:
      return AV_CODEC_ID_JPEGXL;
    default:
      return AV_CODEC_ID_NONE;
  }
}

std::vector<uint8_t> read_file(const std::filesystem::path& path) {
  const uintmax_t size = std::filesystem::file_size(path);
  if (size > kMostBytes) throw Error(path.string() + ": is too large for a picture");
  // Decoders read whole words past the end.
  std::vector<uint8_t> content(size + AV_INPUT_BUFFER_PADDING_SIZE, 0);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size))) {
    throw Error(path.string() + ": cannot be read");
  }
  return content;
}

// A JPEG ends with the marker FFD9, behind which some cameras store more; without it, the end is missing.
bool jpeg_is_cut_off(const std::vector<uint8_t>& file) {
  static constexpr uint8_t kEnd[] = {0xFF, 0xD9};
  return std::find_end(file.begin(), file.end(), std::begin(kEnd), std::end(kEnd)) == file.end();
}

FramePtr decode(const std::filesystem::path& path, AVCodecID id, const std::vector<uint8_t>& file) {
  const std::string damaged = path.string() + ": is a damaged picture";
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr) {
    throw Error(path.string() + ": no decoder for " + avcodec_get_name(id) +
                " pictures in this build of FFmpeg");
  }
  CodecContextPtr decoder(avcodec_alloc_context3(codec));
  if (!decoder) throw Error("out of memory for " + path.string());
  decoder->max_pixels = kMostPixels;
  decoder->thread_count = 1;
  decoder->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  check(avcodec_open2(decoder.get(), codec, nullptr), damaged);
  PacketPtr packet = make_packet();
  packet->data = const_cast<uint8_t*>(file.data());
  packet->size = static_cast<int>(file.size() - AV_INPUT_BUFFER_PADDING_SIZE);
  FramePtr picture = make_frame();
  int result = avcodec_send_packet(decoder.get(), packet.get());
  if (result >= 0) result = avcodec_send_packet(decoder.get(), nullptr);
  if (result >= 0) result = avcodec_receive_frame(decoder.get(), picture.get());
  if (result < 0) {
    const int64_t pixels = int64_t{decoder->width} * decoder->height;
    if (pixels > kMostPixels) throw Error(path.string() + ": is too large, over 2^28 pixels");
    if (result == AVERROR_PATCHWELCOME) throw Error(path.string() + ": is of a kind FFmpeg cannot decode");
    throw Error(damaged + " that cannot be decoded");
  }
  return picture;
}

FramePtr upright(FramePtr picture, Orientation orientation, PictureConverter& converter) {
  if (orientation.is_upright()) return picture;
  const auto format = static_cast<AVPixelFormat>(picture->format);
  if (!can_turn(format, orientation)) {
    picture = converter.converted(*picture, has_alpha(format) ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24);
  }
  return turned(*picture, orientation);
}

// Sets rgb over white and alpha, the latter only where anything is transparent.
void take_rgba(const uint8_t* rgba, ptrdiff_t stride, StillImage& image) {
  image.rgb.resize(static_cast<size_t>(image.width) * image.height * 3);
  composite_over_white(rgba, static_cast<int>(stride), image.width, image.height, image.rgb.data(),
                       image.width * 3);
  std::vector<uint8_t> alpha;
  alpha.reserve(static_cast<size_t>(image.width) * image.height);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* line = rgba + y * stride;
    for (int x = 0; x < image.width; ++x) alpha.push_back(line[4 * x + 3]);
  }
  if (std::ranges::any_of(alpha, [](uint8_t a) { return a != 255; })) image.alpha = std::move(alpha);
}

void take_profile(const AVFrame& picture, StillImage& image) {
  const AVFrameSideData* data = av_frame_get_side_data(&picture, AV_FRAME_DATA_ICC_PROFILE);
  if (data != nullptr) image.icc.assign(data->data, data->data + data->size);
}

// Turns colours of the file's profile into those that networks know.
void use_profile(const std::filesystem::path& path, StillImage& image) {
  if (image.icc.empty()) return;
  if (!is_rgb_profile(image.icc)) {
    image.icc.clear();
    return;  // of grey or of inks, which have become RGB already
  }
  try {
    std::vector<uint8_t> srgb = to_srgb(image.rgb, image.icc);
    if (srgb == image.rgb) return;
    image.own_rgb = std::exchange(image.rgb, std::move(srgb));
  } catch (const Error& error) {
    image.icc.clear();
    image.warnings.push_back(path.string() + ": " + error.what() + "; its colours are taken for sRGB");
  }
}

StillImage read_phone_photo(const std::filesystem::path& path, std::span<const uint8_t> content) {
  StillImage image;
  try {
    HeifPicture picture = read_heif(content, kMostPixels);
    image.width = picture.width;
    image.height = picture.height;
    take_rgba(picture.rgba.data(), ptrdiff_t{4} * picture.width, image);
    image.icc = std::move(picture.icc);
    image.metadata = std::move(picture.metadata);
    if (!picture.transfer.empty()) {
      image.warnings.push_back(path.string() + ": is an HDR picture (" + picture.transfer +
                               "), whose brightness is not that of a photo in sRGB");
    }
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what(), error.hint());
  }
  use_profile(path, image);
  return image;
}

// What decoders fail at though nothing is damaged.
void refuse_special_kinds(const std::filesystem::path& path, std::span<const uint8_t> content) {
  const std::string_view head(reinterpret_cast<const char*>(content.data()),
                              std::min<size_t>(content.size(), 32));
  constexpr size_t kFirstChunk = 12, kWebpFlags = 20;
  if (head.starts_with("\x89PNG") && head.substr(std::min(kFirstChunk, head.size())).starts_with("CgBI")) {
    throw Error(
        path.string() + ": is a PNG as Xcode packs it for iOS (CgBI), which only Apple's programs can read",
        "open it on a Mac and export it, or take the original");
  }
  constexpr uint8_t kAnimated = 1 << 1;
  if (head.starts_with("RIFF") && head.size() > kWebpFlags && head.substr(8, 8) == "WEBPVP8X" &&
      (content[kWebpFlags] & kAnimated) != 0) {
    throw Error(path.string() + ": is an animated WebP, which cannot be read", "convert it to GIF or MP4");
  }
}

}  // namespace

StillImage read_still(const std::filesystem::path& path) {
  prepare_ffmpeg_logging();
  check_readable(path);
  const std::vector<uint8_t> file = read_file(path);
  const std::span content(file.data(), file.size() - AV_INPUT_BUFFER_PADDING_SIZE);
  const PictureFormat format = picture_format(content);
  if (format == PictureFormat::kHeif) return read_phone_photo(path, content);
  refuse_special_kinds(path, content);
  if (format == PictureFormat::kNone) throw Error(path.string() + ": is not a picture that can be read");

  StillImage image;
  FramePtr picture = decode(path, codec_of(format, file), file);
  // JPEG is BT.601, whatever the size of the picture, and its chroma sits between the luma samples
  // (JFIF 1.02).
  if (format == PictureFormat::kJpeg) {
    picture->colorspace = AVCOL_SPC_SMPTE170M;
    picture->chroma_location = AVCHROMA_LOC_CENTER;
    if (jpeg_is_cut_off(file)) {
      image.warnings.push_back(path.string() + ": is cut off; a part of the picture is missing");
    }
  }
  if (format == PictureFormat::kWebp) picture->colorspace = AVCOL_SPC_SMPTE170M;
  if (image.warnings.empty() &&
      (picture->decode_error_flags != 0 || (picture->flags & AV_FRAME_FLAG_CORRUPT) != 0)) {
    image.warnings.push_back(path.string() + ": is damaged; parts of the picture are missing");
  }
  take_profile(*picture, image);
  PictureConverter turn_converter, rgb_converter;
  picture =
      upright(std::move(picture), orientation_from_exif(exif_orientation(format, content)), turn_converter);
  image.width = picture->width;
  image.height = picture->height;
  if (has_alpha(static_cast<AVPixelFormat>(picture->format))) {
    const FramePtr rgba = rgb_converter.converted(*picture, AV_PIX_FMT_RGBA);
    take_rgba(rgba->data[0], rgba->linesize[0], image);
  } else {
    rgb_converter.to_rgb(*picture, image.rgb);
  }
  use_profile(path, image);
  image.metadata = read_metadata(content);
  return image;
}

}  // namespace toonmirror::media
