// How training sees through the house encoder, whatever of it learns.
#pragma once

#include "nets/house_encoder.h"

namespace toonmirror::training {

// A copy that no training changes: gradients pass through it and stop at none of its layers.
nets::HouseEncoder frozen_copy(const nets::HouseEncoder& encoder);

// Pictures [N, 3, R, R] of any size at the encoder's, 256 px.
at::Tensor at_encoder_size(const at::Tensor& pictures);

// What of the encoder does not learn.
enum class KeptLayers {
  kNone,
  kStages,  // with likeness features and parser, which stand on them: the heads of w and deltas learn
  kAll
};

// One for all workers; each brings its own copy of the encoder that learns.
class EncoderSight {
 public:
  // `encoder`: what is kept is as it is now.
  EncoderSight(const nets::HouseEncoder& encoder, KeptLayers kept, at::ScalarType type);

  // photos [N, 3, 256, 256]. Gradients are recorded in layers that learn. A parser that is kept is not asked,
  // whatever `parse` says.
  nets::HouseEncoding encode(nets::HouseEncoder& learning, const at::Tensor& photos, bool parse) const;

  // What it takes pictures [N, 3, R, R] for: 1 at the class of each place, [N, 11, 128, 128] float. Without
  // gradients.
  at::Tensor classes(nets::HouseEncoder& learning, const at::Tensor& pictures) const;

 private:
  nets::HouseEncoder frozen_{nullptr};  // null where nothing is kept
  KeptLayers kept_;
  at::ScalarType type_;
};

}  // namespace toonmirror::training
