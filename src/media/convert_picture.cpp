#include "media/convert_picture.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "base/error.h"

namespace toonmirror::media {

namespace {

const AVPixFmtDescriptor& descriptor(int format) {
  const AVPixFmtDescriptor* found = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  if (found == nullptr) throw Error("a video picture has an unknown pixel format");
  return *found;
}

bool is_rgb(int format) { return (descriptor(format).flags & AV_PIX_FMT_FLAG_RGB) != 0; }

// libswscale's own numbering follows AVColorSpace for the matrices it has; others are read as BT.601.
int sws_matrix(AVColorSpace matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
      return matrix;
    case AVCOL_SPC_BT2020_CL:
      return AVCOL_SPC_BT2020_NCL;
    default:
      return SWS_CS_ITU601;
  }
}

void set_option(SwsContext* context, const char* name, int64_t value) {
  check(av_opt_set_int(context, name, value, 0), std::string("libswscale option ") + name);
}

// Both places in one number, as the key of a conversion wants it; -1 where nothing is subsampled.
int packed_place(const AVFrame& picture) {
  const AVPixFmtDescriptor& format = descriptor(picture.format);
  if (format.log2_chroma_w != 1 && format.log2_chroma_h != 1) return -1;
  const ChromaPlace place = chroma_place(picture.chroma_location);
  const int x = format.log2_chroma_w == 1 ? place.x : 0;
  const int y = format.log2_chroma_h == 1 ? place.y : 0;
  return x * 1024 + y;
}

void set_place(SwsContext* context, const char* side, int packed, const AVPixFmtDescriptor& format) {
  if (packed < 0) return;
  const std::string prefix(side);
  if (format.log2_chroma_w == 1) set_option(context, (prefix + "_h_chr_pos").c_str(), packed / 1024);
  if (format.log2_chroma_h == 1) set_option(context, (prefix + "_v_chr_pos").c_str(), packed % 1024);
}

}  // namespace

AVColorSpace resolved_matrix(AVColorSpace stated, int height) {
  if (stated != AVCOL_SPC_UNSPECIFIED && stated != AVCOL_SPC_RESERVED && stated != AVCOL_SPC_RGB)
    return stated;
  return height < 720 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709;
}

bool is_full_range(const AVFrame& picture) {
  if (is_rgb(picture.format)) return true;
  if (without_yuvj(static_cast<AVPixelFormat>(picture.format)) != picture.format) return true;
  if (picture.color_range == AVCOL_RANGE_UNSPECIFIED) return descriptor(picture.format).nb_components < 3;
  return picture.color_range == AVCOL_RANGE_JPEG;
}

AVPixelFormat without_yuvj(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

ChromaPlace chroma_place(AVChromaLocation location) {
  switch (location) {
    case AVCHROMA_LOC_CENTER:
      return {128, 128};
    case AVCHROMA_LOC_TOPLEFT:
      return {0, 0};
    case AVCHROMA_LOC_TOP:
      return {128, 0};
    case AVCHROMA_LOC_BOTTOMLEFT:
      return {0, 256};
    case AVCHROMA_LOC_BOTTOM:
      return {128, 256};
    default:
      return {0, 128};
  }
}

void PictureConverter::prepare(const Key& key) {
  if (context_ && key == key_) return;
  context_.reset(sws_alloc_context());
  if (!context_) throw Error("out of memory for a picture conversion");
  SwsContext* context = context_.get();
  // Without a change of size only chroma is interpolated, where bicubic costs twice the time and shows
  // nothing.
  const bool resized = key.source_width != key.target_width || key.source_height != key.target_height;
  set_option(context, "sws_flags",
             (resized ? SWS_BICUBIC : SWS_BILINEAR) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT |
                 SWS_FULL_CHR_H_INP | SWS_BITEXACT);
  set_option(context, "srcw", key.source_width);
  set_option(context, "srch", key.source_height);
  set_option(context, "src_format", key.source_format);
  set_option(context, "src_range", key.source_full);
  set_option(context, "dstw", key.target_width);
  set_option(context, "dsth", key.target_height);
  set_option(context, "dst_format", key.target_format);
  set_option(context, "dst_range", key.target_full);
  set_place(context, "src", key.source_place, descriptor(key.source_format));
  set_place(context, "dst", key.target_place, descriptor(key.target_format));
  check(sws_init_context(context, nullptr, nullptr), std::string("cannot convert pictures from ") +
                                                         descriptor(key.source_format).name + " to " +
                                                         descriptor(key.target_format).name);
  constexpr int kUnity = 1 << 16;  // contrast and saturation in 16.16 fixed point
  sws_setColorspaceDetails(context, sws_getCoefficients(key.source_matrix), key.source_full,
                           sws_getCoefficients(key.target_matrix), key.target_full, 0, kUnity, kUnity);
  key_ = key;
}

void PictureConverter::convert(const AVFrame& source, AVFrame& target) {
  // RGB carries no matrix: the conversion happens in that of the other side.
  AVColorSpace source_matrix = resolved_matrix(source.colorspace, source.height);
  AVColorSpace target_matrix = resolved_matrix(target.colorspace, target.height);
  if (is_rgb(source.format)) source_matrix = target_matrix;
  if (is_rgb(target.format)) target_matrix = source_matrix;
  prepare({without_yuvj(static_cast<AVPixelFormat>(source.format)), source.width, source.height,
           sws_matrix(source_matrix), is_full_range(source), packed_place(source),
           without_yuvj(static_cast<AVPixelFormat>(target.format)), target.width, target.height,
           sws_matrix(target_matrix), is_full_range(target), packed_place(target)});
  check(
      sws_scale(context_.get(), source.data, source.linesize, 0, source.height, target.data, target.linesize),
      "cannot convert a picture");
}

FramePtr PictureConverter::converted(const AVFrame& source, AVPixelFormat format) {
  FramePtr target = make_picture(without_yuvj(format), source.width, source.height);
  target->colorspace = resolved_matrix(source.colorspace, source.height);
  target->color_primaries = source.color_primaries;
  target->color_trc = source.color_trc;
  target->chroma_location = source.chroma_location;
  target->color_range = !is_rgb(source.format) && is_full_range(source) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if (is_rgb(format)) target->color_range = AVCOL_RANGE_JPEG;
  target->sample_aspect_ratio = source.sample_aspect_ratio;
  convert(source, *target);
  return target;
}

void PictureConverter::to_rgb(const AVFrame& source, std::vector<uint8_t>& rgb) {
  to_rgb(source, source.width, source.height, rgb);
}

void PictureConverter::to_rgb(const AVFrame& source, int width, int height, std::vector<uint8_t>& rgb) {
  const size_t row = static_cast<size_t>(width) * 3;
  // libswscale writes whole vectors at the end of a line, past the picture: the last line gets room for that.
  constexpr size_t kSlack = 64;
  rgb.resize(row * height + kSlack);
  FramePtr target = borrow_rgb(rgb.data(), width, height);
  convert(source, *target);
  rgb.resize(row * height);
}

FramePtr borrow_rgb(const uint8_t* rgb, int width, int height) {
  FramePtr picture = make_frame();
  picture->format = AV_PIX_FMT_RGB24;
  picture->width = width;
  picture->height = height;
  picture->color_range = AVCOL_RANGE_JPEG;
  picture->colorspace = AVCOL_SPC_RGB;
  picture->data[0] = const_cast<uint8_t*>(rgb);
  picture->linesize[0] = width * 3;
  return picture;
}

}  // namespace toonmirror::media
