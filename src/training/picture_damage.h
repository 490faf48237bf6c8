// What cameras, light and codecs do to a picture.
#pragma once

#include "training/canvas.h"
#include "training/dice.h"

namespace toonmirror::training {

// Light: exposure, gamma, contrast, a colour cast, darkness, a side that is lit more.
void vary_light(const Canvas& canvas, Dice& dice);

// Blur, lost resolution, noise and the blocks of a codec, each of some pictures. Values may leave 0 … 1; the
// caller clamps.
void damage(const Canvas& canvas, Dice& dice);

// The parts of it.
void blur(const Canvas& canvas, double sigma_px);
void blur_along(const Canvas& canvas, double angle_rad, int64_t length_px);  // moved while it was taken
void lose_resolution(const Canvas& canvas, double factor);
void add_noise(const Canvas& canvas, double sigma, Dice& dice);
// As JPEG does: blocks of 8 px in luma and chroma, whose frequencies are rounded; quality from 1 to 100.
void quantise_blocks(const Canvas& canvas, double quality, Dice& dice);

}  // namespace toonmirror::training
