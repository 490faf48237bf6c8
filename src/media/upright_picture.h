// From what a decoder delivers to the picture the program works on: one size and format, opaque, upright.
#pragma once

#include "media/convert_picture.h"
#include "media/ffmpeg.h"
#include "media/orientation.h"

namespace toonmirror::media {

// Turns decoded pictures into upright ones, in the decoder's own pixel format wherever that is possible:
// - a picture whose size or format differs from the first one's is converted to that;
// - transparent pictures are composited over white, as 8-bit RGB;
// - what cannot be turned plane by plane is converted to 4:4:4 first.
class UprightPictures {
 public:
  explicit UprightPictures(Orientation orientation) : orientation_(orientation) {}

  // Shares the memory of `decoded` where nothing has to change.
  FramePtr upright(const AVFrame& decoded);

 private:
  FramePtr in_first_layout(const AVFrame& decoded);
  FramePtr turn(FramePtr picture);

  Orientation orientation_;
  int width_ = 0, height_ = 0;  // of the first picture, as coded
  AVPixelFormat format_ = AV_PIX_FMT_NONE;
  PictureConverter layout_converter_, alpha_converter_, turn_converter_;
};

bool has_alpha(AVPixelFormat format);

// Composites [height, width, 4] RGBA (straight alpha) over white into [height, width, 3] RGB; strides in
// bytes.
void composite_over_white(const uint8_t* rgba, int rgba_stride, int width, int height, uint8_t* rgb,
                          int rgb_stride);

}  // namespace toonmirror::media
