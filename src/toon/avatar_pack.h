// What an avatar's file (toon/avatar.h) must hold before anything in it is used. Apart from the rest, so that
// tests/fuzz can compile it alone.
#pragma once

#include <cstdint>

#include "checkpoint/safetensors.h"
#include "nets/motion_options.h"

namespace toonmirror::toon {

// Throws Error unless there are `picture` [H, W, 3] of bytes, up to 16384 px, `landmarks` of 68 × 2 and
// `square` of 2 × 2 doubles (centre, and half a side to the right), which lie in the picture or not further
// from it than its larger side, and a square larger than a pixel and smaller than four such sides.
void check_avatar_picture(const checkpoint::SafetensorsFile& file);

// Throws Error unless the tensors below `motion.` are what a motion model with these options makes of one
// square of `side_px` (nets::EncodedSource), in float or bfloat16, and its key points are finite.
void check_avatar_motion(const checkpoint::SafetensorsFile& file, const nets::MotionModelOptions& options,
                         int64_t side_px);

}  // namespace toonmirror::toon
