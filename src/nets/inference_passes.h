// What lies between the convolutions of a generator layer, fused for inference on processors: fewer passes
// over memory than modulation.h's operations, which record gradients.
#pragma once

#include <ATen/ATen.h>

#include <limits>

namespace toonmirror::nets {

// What happens to the result of a convolution. Per-channel numbers are [N, C] float.
struct LayerFinish {
  at::Tensor scale;
  at::Tensor noise;  // [1 or N, 1, H, W] float, added after the scale; undefined: none
  at::Tensor bias;   // [C] float
  double limit = std::numeric_limits<double>::infinity();
  at::Tensor after;  // the next layer's modulation; undefined: none
};

// In place: x [N, C, H, W] becomes clamp(lrelu(x · scale + noise + bias), ±limit) · after with slope 0.2. x
// is float or bfloat16, channels-last, on the CPU.
void finish_layer(const at::Tensor& x, const LayerFinish& finish);

// upsample_2x(x · scale, margin), see modulation.h. scale [N, C] float.
at::Tensor upsample_2x_modulated(const at::Tensor& x, const at::Tensor& scale, int64_t margin);

}  // namespace toonmirror::nets
