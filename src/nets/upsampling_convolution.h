// A generator layer that doubles the size, for inference: the transposed convolution at the smaller size,
// then the 2× filter with everything that follows it.
//
// modulation.h's form, filter first and convolve then, suits gradients but multiplies three times as often.
// Here even and odd rows of the transposed convolution's result are two ordinary convolutions of x, by 2×2
// and 1×2 taps; each gives the even and the odd column of a place as neighbours, so that its pixels lie as a
// row of the result does. One column in four multiplies by a tap that is zero: cheaper than convolutions of
// one phase each, which are too small for matrix units.
#pragma once

#include <ATen/ATen.h>

#include "nets/inference_convolution.h"
#include "nets/inference_passes.h"

namespace toonmirror::nets {

class UpsamplingConvolution {
 public:
  // weight [O, I, 3, 3] of the convolution that would follow upsample_2x(x, /*margin=*/1).
  void prepare(const at::Tensor& weight, at::ScalarType type);

  // x [N, I, H, W] → finish_layer(conv2d(upsample_2x(x, 1), weight), finish), [N, O, 2H, 2W] channels-last in
  // the prepared type. On the CPU, once prepared.
  at::Tensor operator()(const at::Tensor& x, const LayerFinish& finish) const;

 private:
  InferenceConvolution even_rows_, odd_rows_;
};

}  // namespace toonmirror::nets
