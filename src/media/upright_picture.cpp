#include "media/upright_picture.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cstring>

namespace toonmirror::media {

namespace {

FramePtr reference(const AVFrame& picture) {
  FramePtr copy = make_frame();
  check(av_frame_ref(copy.get(), &picture), "a video picture");
  return copy;
}

bool is_limited_grey(const AVFrame& picture) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  return format->nb_components == 1 && (format->flags & AV_PIX_FMT_FLAG_PAL) == 0 &&
         format->comp[0].depth == 8 && picture.color_range == AVCOL_RANGE_MPEG;
}

// libswscale reads grey as full range whatever the tags say; as 4:2:0 with neutral chroma the range is
// honoured.
FramePtr grey_as_yuv(const AVFrame& grey) {
  FramePtr yuv = make_picture(AV_PIX_FMT_YUV420P, grey.width, grey.height);
  check(av_frame_copy_props(yuv.get(), &grey), "a grey picture");
  av_image_copy_plane(yuv->data[0], yuv->linesize[0], grey.data[0], grey.linesize[0], grey.width,
                      grey.height);
  const int chroma_height = (grey.height + 1) / 2;
  for (int i = 1; i <= 2; ++i) {
    std::memset(yuv->data[i], 128, static_cast<size_t>(yuv->linesize[i]) * chroma_height);
  }
  return yuv;
}

FramePtr over_white(const AVFrame& picture, PictureConverter& converter) {
  const FramePtr rgba = converter.converted(picture, AV_PIX_FMT_RGBA);
  FramePtr opaque = make_picture(AV_PIX_FMT_RGB24, picture.width, picture.height);
  check(av_frame_copy_props(opaque.get(), &picture), "a transparent picture");
  opaque->colorspace = AVCOL_SPC_RGB;
  opaque->color_range = AVCOL_RANGE_JPEG;
  composite_over_white(rgba->data[0], rgba->linesize[0], picture.width, picture.height, opaque->data[0],
                       opaque->linesize[0]);
  return opaque;
}

// A format that can be turned and loses nothing the screen would show.
AVPixelFormat turnable_format(AVPixelFormat format) {
  const AVPixFmtDescriptor& from = *av_pix_fmt_desc_get(format);
  if ((from.flags & AV_PIX_FMT_FLAG_RGB) != 0)
    return from.comp[0].depth > 8 ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24;
  return from.comp[0].depth > 8 ? AV_PIX_FMT_YUV444P10 : AV_PIX_FMT_YUV444P;
}

}  // namespace

bool has_alpha(AVPixelFormat format) {
  const AVPixFmtDescriptor* found = av_pix_fmt_desc_get(format);
  return found != nullptr && (found->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

void composite_over_white(const uint8_t* rgba, int rgba_stride, int width, int height, uint8_t* rgb,
                          int rgb_stride) {
  for (int y = 0; y < height; ++y, rgba += rgba_stride, rgb += rgb_stride) {
    for (int x = 0; x < width; ++x) {
      const int alpha = rgba[4 * x + 3];
      for (int c = 0; c < 3; ++c) {
        rgb[3 * x + c] = static_cast<uint8_t>((rgba[4 * x + c] * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
  }
}

FramePtr UprightPictures::in_first_layout(const AVFrame& decoded) {
  const auto format = static_cast<AVPixelFormat>(decoded.format);
  if (format_ == AV_PIX_FMT_NONE) {
    width_ = decoded.width;
    height_ = decoded.height;
    format_ = format;
  }
  if (decoded.width == width_ && decoded.height == height_ && format == format_) return reference(decoded);
  FramePtr same = make_picture(format_, width_, height_);
  check(av_frame_copy_props(same.get(), &decoded), "a video picture");
  layout_converter_.convert(decoded, *same);
  return same;
}

FramePtr UprightPictures::turn(FramePtr picture) {
  if (orientation_.is_upright()) return picture;
  const auto format = static_cast<AVPixelFormat>(picture->format);
  if (can_turn(format, orientation_)) return turned(*picture, orientation_);
  return turned(*turn_converter_.converted(*picture, turnable_format(format)), orientation_);
}

FramePtr UprightPictures::upright(const AVFrame& decoded) {
  FramePtr picture = in_first_layout(decoded);
  if (has_alpha(format_)) picture = over_white(*picture, alpha_converter_);
  if (is_limited_grey(*picture)) picture = grey_as_yuv(*picture);
  return turn(std::move(picture));
}

}  // namespace toonmirror::media
