// What an encoder makes of the photos of a pack, and how it is distributed along its principal axes.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "checkpoint/safetensors.h"
#include "nets/house_encoder.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

// Principal axes of latents, those of the largest spread first. Whitened coordinates are counted along them
// in deviations.
struct LatentAxes {
  at::Tensor mean;      // [D]
  at::Tensor vectors;   // [D, D], an axis in each column
  at::Tensor spread;    // [D] deviations, above zero
  int64_t leading = 0;  // how many axes the flow is to model; along the others latents are taken for Gaussian

  // Makes those leading that hold `share` of the variance.
  void lead(double share);

  at::Tensor whiten(const at::Tensor& latents) const;        // [N, D] → [N, D]
  at::Tensor unwhiten(const at::Tensor& coordinates) const;  // the way back
  // How much an error counts along each axis, mean 1 over the axes [D]: the spread. By their variances the
  // first few axes would be all there is, by nothing the last hundreds, which hardly anybody sees.
  at::Tensor weights(int64_t axes) const;
};

// Of latents [N, D], at least two of them. Leading are those that hold `share` of the variance. Along faces'
// latents variance is spread widely, as their scales lie between coordinates and whitened coordinates
// (eigenfaces.h): of the house encoder's 512 axes 485 hold 99 % of it, 48 hold 44 %.
LatentAxes find_axes(const at::Tensor& latents, double share = 0.99);

// What the encoder makes of photos, and the axes of it.
struct LatentSet {
  at::Tensor training;  // [N, D] float
  at::Tensor held_out;  // [M, D] of people who are not among those; M may be 0
  LatentAxes axes;      // of `training`
};
// As one .safetensors. Axes are stored too: found again, those of like spread could come out turned.
void save_latents(const std::filesystem::path& path, const LatentSet& latents,
                  const checkpoint::Metadata& metadata);
// Throws Error naming the file where it is none of these.
LatentSet load_latents(const checkpoint::SafetensorsFile& file);

struct EncodingOptions {
  std::string precision = "auto";  // auto, bf16, fp32
  // Latents for each training photo, at least 1: one of the photo as it is, the others of photos drawn at
  // random and varied.
  int64_t variants = 6;
  Augmentation augmentation;
  int64_t workers = 2;
  uint64_t seed = 1;
};
// w of all photos. `log` is told of the progress, from any thread but from one at a time. Throws Interrupted
// on Ctrl-C.
LatentSet encode_varied(const PairPack& pack, nets::HouseEncoder encoder, const EncodingOptions& options,
                        const std::function<void(const std::string&)>& log);

// Energy distance of two distributions, from samples [N, D] and [M, D] of them (Székely, Rizzo 2013, "Energy
// statistics"): 2 E|x − y| − E|x − x'| − E|y − y'|, without bias and so at times below zero. At least two
// samples each.
double energy_distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace toonmirror::training
