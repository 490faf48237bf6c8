// The operations around the convolutions of a StyleGAN2 layer, each in one pass over memory, with gradients.
// Modulating the activations instead of the weights (x·s, then one convolution with shared weights, then ·d)
// is the equivalent form given in Karras et al. 2020, "Analyzing and Improving the Image Quality of
// StyleGAN", section 2.2.
//
// Activations: [N, C, H, W], float or bfloat16, made channels-last when they are not. CPU tensors take
// hand-written loops; others (CUDA) and other types are composed of LibTorch operations with the same
// results.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::nets {

// Of the leaky ReLUs of generator and house encoder below zero.
inline constexpr double kLreluSlope = 0.2;

// x · scale per image and channel. scale [N, C] float.
at::Tensor modulate(const at::Tensor& x, const at::Tensor& scale);

// lrelu(x · scale + bias) with slope 0.2 below zero. scale [N, C] or [1, C], bias [C], both float.
at::Tensor scale_bias_lrelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias);

// 1×1 convolution to three channels with weights per image, accumulated and returned in float.
// x [N, C, H, W], weight [N, 3, C] float; returns [N, 3, H, W] float.
at::Tensor to_rgb(const at::Tensor& x, const at::Tensor& weight);

// Σ over channels of x · y, accumulated and returned in float: [N, 1, H, W]. Both [N, C, H, W].
at::Tensor channel_dot(const at::Tensor& x, const at::Tensor& y);

// Doubles the size with StyleGAN2's filter outer([1,3,3,1],[1,3,3,1])/16, zeros outside the picture. With
// margin 1 the result has one more row and column on each side ([N, C, 2H+2, 2W+2]): a 3×3 convolution
// without padding then gives exactly what the reference's transposed convolution followed by the filter
// gives, as the two commute (rosinality/stylegan2-pytorch model.py, ModulatedConv2d with upsample=True). At
// most 1024 channels.
at::Tensor upsample_2x(const at::Tensor& x, int64_t margin);

// What a layer's weight [O, I, K, K] (float) is for inference: times `gain`, in `type` and channels-last, and
// the sums of its squares over the kernel, [O, I] float, for demodulation. Without gradients.
struct WeightForInference {
  at::Tensor ready, squares;
};
// `result`'s tensors are written into where they fit, which spares a re-blend the memory's first touch.
void prepare_weight(const at::Tensor& weight, double gain, at::ScalarType type, WeightForInference& result);

}  // namespace toonmirror::nets
