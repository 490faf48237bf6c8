// What stands in for a convolution while a network is used and not trained.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "engine/convolution.h"

namespace toonmirror::nets {

// A copy of the module that has one shares it.
class InferenceConvolution {
 public:
  // Without effect, so that the module itself computes, with engine::Backend::kTorch. In integers if
  // engine::int8(). weight [O, I, K, K],
  // bias [O] or undefined.
  void prepare(const at::Tensor& weight, const at::Tensor& bias, at::ScalarType type,
               const engine::ConvolutionOptions& options);
  // Whether it may compute now: it is prepared, and no gradients are recorded.
  bool ready() const;
  // x in any type → in the type that was prepared.
  at::Tensor operator()(const at::Tensor& x) const { return (*convolution_)(x.to(type_)); }

 private:
  std::shared_ptr<engine::Convolution> convolution_;
  at::ScalarType type_ = at::kFloat;
};

}  // namespace toonmirror::nets
