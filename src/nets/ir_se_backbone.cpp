#include "nets/ir_se_backbone.h"

namespace toonmirror::nets {
namespace {

torch::nn::PReLU prelu(int64_t channels) {
  return torch::nn::PReLU(torch::nn::PReLUOptions().num_parameters(channels));
}

}  // namespace

ConvolutionImpl::ConvolutionImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool with_bias)
    : stride_(stride) {
  weight_ = register_parameter("weight", torch::empty({out, in, kernel, kernel}));
  if (with_bias) bias_ = register_parameter("bias", torch::empty({out}));
}

at::Tensor ConvolutionImpl::forward(const at::Tensor& x) {
  return at::conv2d(x, weight_, bias_, stride_, weight_.size(2) / 2);
}

ChannelGateImpl::ChannelGateImpl(int64_t channels) {
  const int64_t inner = channels / IrSe50::kGateReduction;
  fc1_ = register_module("fc1", Convolution(channels, inner, 1, 1, /*with_bias=*/false));
  fc2_ = register_module("fc2", Convolution(inner, channels, 1, 1, /*with_bias=*/false));
}

at::Tensor ChannelGateImpl::forward(const at::Tensor& x) {
  const at::Tensor means = at::adaptive_avg_pool2d(x, {1, 1});
  return x * at::sigmoid(fc2_->forward(at::relu(fc1_->forward(means))));
}

IrSeUnitImpl::IrSeUnitImpl(int64_t in, int64_t out, int64_t stride) : stride_(stride) {
  residual_ = register_module(
      "res_layer",
      torch::nn::Sequential(torch::nn::BatchNorm2d(in), Convolution(in, out, 3, 1, /*with_bias=*/false),
                            prelu(out), Convolution(out, out, 3, stride, /*with_bias=*/false),
                            torch::nn::BatchNorm2d(out), ChannelGate(out)));
  if (in == out) return;
  shortcut_ = register_module("shortcut_layer", torch::nn::Sequential(Convolution(in, out, 1, stride, false),
                                                                      torch::nn::BatchNorm2d(out)));
}

at::Tensor IrSeUnitImpl::forward(const at::Tensor& x) {
  const at::Tensor residual = residual_->forward(x);
  if (shortcut_) return residual + shortcut_->forward(x);
  return residual + x.slice(2, 0, x.size(2), stride_).slice(3, 0, x.size(3), stride_);
}

IrSe50::IrSe50(torch::nn::Module& parent, int64_t input_channels, const IrSeWidths& widths) {
  input_ = parent.register_module(
      "input_layer", torch::nn::Sequential(Convolution(input_channels, widths[0], 3, 1, /*with_bias=*/false),
                                           torch::nn::BatchNorm2d(widths[0]), prelu(widths[0])));
  const auto body = parent.register_module("body", torch::nn::ModuleList());
  int64_t in = widths[0];
  for (size_t stage = 0; stage < widths.size(); ++stage) {
    for (int64_t i = 0; i < kUnits[stage]; ++i) {
      units_.emplace_back(IrSeUnit(in, widths[stage], /*stride=*/i == 0 ? 2 : 1));
      body->push_back(units_.back());
      in = widths[stage];
    }
  }
}

IrSeFeatures IrSe50::operator()(const at::Tensor& x) {
  std::array<at::Tensor, kUnits.size()> ends;
  at::Tensor y = input_->forward(x);
  auto unit = units_.begin();
  for (size_t stage = 0; stage < ends.size(); ++stage) {
    for (int64_t i = 0; i < kUnits[stage]; ++i, ++unit) y = (*unit)->forward(y);
    ends[stage] = y;
  }
  return {ends[1], ends[2], ends[3]};
}

}  // namespace toonmirror::nets
