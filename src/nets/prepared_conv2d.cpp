#include "nets/prepared_conv2d.h"

#include <c10/util/variant.h>

namespace toonmirror::nets {

FoldedWeight fold(const at::Tensor& weight, const at::Tensor& bias, const torch::nn::BatchNorm2d& norm) {
  const at::NoGradGuard no_grad;
  const at::Tensor scale = norm->weight / (norm->running_var + norm->options.eps()).sqrt();
  const at::Tensor centre = bias.defined() ? norm->running_mean - bias : norm->running_mean;
  return {weight * scale.view({-1, 1, 1, 1}), norm->bias - centre * scale};
}

at::Tensor PreparedConv2dImpl::forward(const at::Tensor& x) {
  return usable() ? prepared_(x) : torch::nn::Conv2dImpl::forward(x);
}

engine::ConvolutionOptions PreparedConv2dImpl::engine_options() const {
  const auto* padding = c10::get_if<torch::ExpandingArray<2>>(&options.padding());
  engine::ConvolutionOptions shape{.stride = (*options.stride())[0]};
  if (padding != nullptr) shape.padding = {(**padding)[0], (**padding)[1]};
  return shape;
}

void PreparedConv2dImpl::prepare(at::ScalarType type) {
  prepared_.prepare(weight, bias, type, engine_options());
}

void PreparedConv2dImpl::prepare(at::ScalarType type, const torch::nn::BatchNorm2d& norm) {
  const FoldedWeight folded = fold(weight, bias, norm);
  engine::ConvolutionOptions shape = engine_options();
  shape.slope = 0.0;
  prepared_.prepare(folded.weight, folded.bias, type, shape);
  with_norm_ = true;
}

}  // namespace toonmirror::nets
