// The mapping network of the house face model: what makes seeds sample faces that the encoder could have
// found.
#pragma once

#include "nets/house_encoder.h"
#include "nets/stylegan2.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

struct EncodedPhotos {
  at::Tensor w;       // [N, w_dim]
  at::Tensor w_plus;  // [N, latent_count, w_dim]
};
// What the encoder makes of all training photos.
EncodedPhotos encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type);

// Sets a mapping of two layers so that normal z give what its last activation makes of a normal distribution:
// the one with the mean and the principal axes that `latents` have before that activation, as many axes as
// fit, half the width, and at most 48. Sets mapping.w_avg to the mean of the latents. Returns the share of
// the variance that these axes hold. Throws Error for a mapping of another depth.
double fit_mapping(const at::Tensor& latents, nets::Generator& generator);

}  // namespace toonmirror::training
