// Turning pictures upright: by a container's display matrix or by EXIF orientation.
#pragma once

#include <cstdint>
#include <span>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// upright(x, y) = stored(u, v), where (u, v) = swap_axes ? (y, x) : (x, y), then u counts from the right
// where mirror_x and v from the bottom where mirror_y. All eight orientations have exactly one such form.
struct Orientation {
  bool swap_axes = false;
  bool mirror_x = false;
  bool mirror_y = false;
  bool is_upright() const { return !swap_axes && !mirror_x && !mirror_y; }
  bool operator==(const Orientation&) const = default;
};

// From the 3x3 display matrix of FFmpeg (libavutil/display.h), rounded to the nearest right angle.
Orientation orientation_from_matrix(const int32_t matrix[9]);

// From the EXIF tag 0x0112, 1..8; anything else is upright.
Orientation orientation_from_exif(int value);

// The clockwise turn in it, 0, 90, 180 or 270 (a mirror image is turned after mirroring left and right).
int clockwise_degrees(Orientation orientation);

// True when pictures of this format can be turned plane by plane: whole bytes per pixel, and chroma
// subsampled equally in both directions where the axes swap.
bool can_turn(AVPixelFormat format, Orientation orientation);

// A turned copy; requires can_turn(). Tags and properties are taken over, with the pixel aspect turned too.
FramePtr turned(const AVFrame& picture, Orientation orientation);

}  // namespace toonmirror::media
