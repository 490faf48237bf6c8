// What swapping layers between a face generator and a style does to faces of seeds, in figures: `toonmirror
// evaluate --blend`. The effect is that of Pinkney and Adler 2020, "Resolution Dependent GAN Interpolation for
// Controllable Image Synthesis Between Domains": coarse layers give the shapes, fine ones the look.
#pragma once

#include <vector>

#include "engine/compute.h"
#include "evaluation/seed_figures.h"
#include "toon/style.h"

namespace toonmirror::evaluation {

struct BlendFigures {
  toon::Blend::Side structure = toon::Blend::Side::kFace;  // whose layers are below the split
  int64_t split_px = 0;                                    // 0: all layers are those of the other side
  double eyes = 1;  // how much larger than in the face generator's pictures of the same seeds, by outlines
  double kid_photos = 0, kid_drawings = 0;  // to photos of people, and to the style's drawings of them
};

// Seeds at kSeedPsi without likeness features. First the face generator alone, then the style alone, then for
// every split from 8 px on the style's coarse layers with the face's fine ones, and the other way round. Of
// `options`, reference is not used. Throws Error where the style has no child, and as measure_seeds.
std::vector<BlendFigures> measure_blends(const SeedFiguresOptions& options, const toon::Style& style,
                                         const engine::Compute& compute,
                                         const face::SharedLandmarkPredictor& predictor);

}  // namespace toonmirror::evaluation
