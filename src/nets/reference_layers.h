// The generator's operations one by one, as rosinality/stylegan2-pytorch model.py and op/upfirdn2d.py compute
// them on processors: what --engine torch runs, and what the fused ones (modulation.h, engine/) are compared
// with.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::nets::reference {

// ModulatedConv2d with demodulation: a weight of its own for every image, in one grouped convolution. x [N,
// I, H, W], weight [O, I, 3, 3] as for a correlation, style [N, I] with the layer's gain in it. `up`: to 2H,
// 2W by a transposed convolution and the filter.
at::Tensor modulated_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& style,
                                 bool up);

// ToRGB's: 1×1, without demodulation. weight [N, 3, I] modulated.
at::Tensor to_rgb(const at::Tensor& x, const at::Tensor& weight);

// Upsample: zeros in between, then outer([1,3,3,1])/16. [N, C, H, W] → [N, C, 2H, 2W].
at::Tensor upsample_2x(const at::Tensor& x);

}  // namespace toonmirror::nets::reference
