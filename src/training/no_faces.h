// What is not a face: samples on which presence is learned.
#pragma once

#include <cstdint>

#include "training/canvas.h"
#include "training/crop_sampler.h"
#include "training/dice.h"
#include "training/turned_view.h"

namespace toonmirror::training {

// A picture with a face: points in its pixels, and the square in which a tracker would look for it.
struct KnownFace {
  const uint8_t* picture = nullptr;
  int64_t side_px = 0;
  const MeshPoints* points = nullptr;
  CropMap map;
};

// Fills the canvas with one of: the surroundings of the face, its pieces in disorder, noise and stripes,
// the face as a small thing in the crop, a piece of it that fills the crop.
void draw_no_face(const KnownFace& face, const Canvas& canvas, Dice& dice);

// A piece of a picture without a face, of any size.
void draw_faceless(const uint8_t* picture, int64_t side_px, const Canvas& canvas, Dice& dice);

}  // namespace toonmirror::training
