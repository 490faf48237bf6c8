// From one W+ into another: what a generator or a style had learned in the latent space of an earlier
// encoder, expressed in that of a new one, so that a better latent space does not cost the family its
// training.
#pragma once

#include <ATen/ATen.h>

#include "checkpoint/safetensors.h"
#include "nets/house_encoder.h"
#include "training/pair_pack.h"

namespace toonmirror::training {

// Earlier W+, row by row: matrices[row] · w + offsets[row], with w of the new encoder.
struct LatentTranslation {
  at::Tensor matrices;  // [rows, w_dim, w_dim]
  at::Tensor offsets;   // [rows, w_dim]
};

// The linear map of least squares (with a small ridge) between w [N, w_dim] and earlier W+ [N, rows, w_dim].
LatentTranslation fit_translation(const at::Tensor& w, const at::Tensor& earlier_w_plus);

// The same for what two encoders make of a pack's training photos. Undefined matrices when both see the same
// latents, up to rounding.
LatentTranslation translation_between(const PairPack& pack, nets::HouseEncoder& encoder,
                                      nets::HouseEncoder& earlier, at::ScalarType type);

// Tensors of a generator, or differences of two, with all affine layers translated: on w they give what they
// gave on the earlier W+.
checkpoint::NamedTensors translated(checkpoint::NamedTensors tensors, const LatentTranslation& translation);

}  // namespace toonmirror::training
