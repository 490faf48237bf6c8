// torch.nn.Conv2d that can be prepared for inference.
#pragma once

#include <torch/torch.h>

#include "nets/inference_convolution.h"

namespace toonmirror::nets {

// A convolution and the batch normalisation after it as one convolution.
struct FoldedWeight {
  at::Tensor weight, bias;  // [O, I, K, K], [O]
};
FoldedWeight fold(const at::Tensor& weight, const at::Tensor& bias, const torch::nn::BatchNorm2d& norm);

// Parameters weight and bias, as torch.nn.Conv2d has them. Square kernels, strides and zero padding.
class PreparedConv2dImpl : public torch::nn::Conv2dImpl {
 public:
  using torch::nn::Conv2dImpl::Conv2dImpl;

  at::Tensor forward(const at::Tensor& x);

  // For inference in that type, see InferenceConvolution. With a norm, forward computes that and a ReLU after
  // it as well, while includes_norm() says so.
  void prepare(at::ScalarType type);
  void prepare(at::ScalarType type, const torch::nn::BatchNorm2d& norm);
  bool includes_norm() const { return with_norm_ && usable(); }

 private:
  bool usable() const { return !is_training() && prepared_.ready(); }
  engine::ConvolutionOptions engine_options() const;

  InferenceConvolution prepared_;
  bool with_norm_ = false;
};
TORCH_MODULE(PreparedConv2d);

}  // namespace toonmirror::nets
