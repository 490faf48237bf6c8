// The eigenfaces of the training photos (Sirovich & Kirby 1987, "Low-dimensional procedure for the
// characterization of human faces"; Turk & Pentland 1991, "Eigenfaces for Recognition") as the beginning of
// the house latents: w is what a photo is made of, and the generator's latent picture is a blurred portrait
// that it has to draw, not to invent. 512 of them tell two people apart who were never seen (identity .49 at
// 48 px), which training alone did not reach in 336,000 pictures.
#pragma once

#include <ATen/ATen.h>

#include "nets/house_encoder.h"
#include "nets/stylegan2.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

// A face is mean + Σ coordinate_k · directions_k / pixel_weight, with P = 3 · size² numbers as of a picture
// [3, size, size] in [-1, 1].
struct Eigenfaces {
  int64_t size_px = 0;
  at::Tensor mean;          // [P]
  at::Tensor pixel_weight;  // [P], how much a pixel counts: eyes and mouth more than background
  at::Tensor directions;    // [P, K], orthonormal
  at::Tensor deviation;  // [K] of the coordinates, largest first; 0 where the photos have no more directions
};

// Of the pack's training photos and their mirror images, by subspace iteration (Halko, Martinsson & Tropp
// 2011, algorithm 4.4).
Eigenfaces find_eigenfaces(const PairPack& pack, int64_t size_px, int64_t count);

// Sets the encoder's projection to the coordinates, each scaled to a deviation that grows with the root of
// its own and moved off zero by kLatentOffset deviations, and the generator's latent picture to the way back,
// less the mean. The encoder's stages give nothing to w from then on, until they are trained.
void begin_at(const Eigenfaces& eigenfaces, nets::HouseEncoder& encoder, nets::Generator& generator);

// In deviations. The mapping network ends with an activation that halves what is negative by more, so that
// seeds can only have the faces' distribution where latents are mostly positive (fit_mapping).
inline constexpr double kLatentOffset = 1.5;

}  // namespace toonmirror::training
