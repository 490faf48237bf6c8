// Fitting the mapping network: after auto-encoder training the latents of real faces are known, and z is to
// be mapped onto their distribution, so that seeds sample faces and w_avg is their mean.
#pragma once

#include "training/generator_trainer.h"

namespace toonmirror::training {

struct MappingTrainingOptions {
  int64_t steps = 3000;
  int64_t batch = 512;
  double learning_rate = 0.1;  // acts through the mapping's own multiplier of 0.01
  uint64_t seed = 1;
};

// The encoder's w of all training photos, [N, w_dim].
at::Tensor encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type);

// Minimises the energy distance (Székely and Rizzo 2013) between mapped normal samples and `latents`, in the
// space where the latents have unit variance along their principal axes as well as in their own. Sets
// mapping.w_avg. Returns the last distance, which is 0 for equal distributions.
double train_mapping(const MappingTrainingOptions& options, const at::Tensor& latents,
                     nets::Generator& generator);

}  // namespace toonmirror::training
