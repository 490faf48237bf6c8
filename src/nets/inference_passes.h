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

// The 2× filter after a transposed convolution with stride 2, then finish_layer. even [N, 2·C, H+1, W+1] and
// odd [N, 2·C, H, W+1] are the even and the odd rows of that convolution's result, each pixel holding the
// channels of an even column and of the odd one right of it (zeros past the last). Returns [N, C, 2H, 2W].
at::Tensor filter_2x_and_finish(const at::Tensor& even, const at::Tensor& odd, const LayerFinish& finish);

}  // namespace toonmirror::nets
