// Carrying changed RGB pixels back into a decoded YCbCr picture, leaving all others as they were decoded.
#pragma once

#include <cstdint>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// True for planar YCbCr of 8 to 16 bits with chroma at full or half resolution: all that paste_changed()
// writes.
bool can_paste(AVPixelFormat format);

// Writes those pixels of `rgb` that lie in `area` and differ from `decoded_rgb` into `picture` (both [height,
// width, 3] of the picture's size). Luma is replaced pixel by pixel; a chroma sample is replaced where any
// pixel it stands for changed, by the mean of its pixels, weighted by where the format places it.
// `decoded_rgb` null: everything in `area` changed. Matrix (ITU-R BT.601, BT.709, BT.2020, SMPTE 240M, FCC)
// and range are those `picture` is tagged with. Requires can_paste(picture.format) and a writable picture;
// `area` is clipped to it.
void paste_changed(AVFrame& picture, const uint8_t* rgb, const uint8_t* decoded_rgb, Rect area);

}  // namespace toonmirror::media
