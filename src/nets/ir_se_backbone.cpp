#include "nets/ir_se_backbone.h"

namespace toonmirror::nets {
namespace {

torch::nn::PReLU prelu(int64_t channels) {
  return torch::nn::PReLU(torch::nn::PReLUOptions().num_parameters(channels));
}

// In the type of x.
at::Tensor activated(const at::Tensor& x, const torch::nn::PReLU& prelu) {
  return at::prelu(x, prelu->weight.to(x.scalar_type()));
}

}  // namespace

ConvolutionImpl::ConvolutionImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool with_bias)
    : stride_(stride) {
  weight_ = register_parameter("weight", torch::empty({out, in, kernel, kernel}));
  if (with_bias) bias_ = register_parameter("bias", torch::empty({out}));
}

at::Tensor ConvolutionImpl::forward(const at::Tensor& x) {
  if (prepared()) return prepared_(x);
  return at::conv2d(x, weight_, bias_, stride_, weight_.size(2) / 2);
}

void ConvolutionImpl::prepare(at::ScalarType type, const Following& following) {
  const engine::ConvolutionOptions shape = {
      .stride = stride_, .padding = {weight_.size(2) / 2, weight_.size(3) / 2}, .slope = following.slope};
  const FoldedWeight folded =
      following.norm == nullptr ? FoldedWeight{weight_, bias_} : fold(weight_, bias_, *following.norm);
  prepared_.prepare(folded.weight, folded.bias, type, shape);
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

void ChannelGateImpl::prepare(at::ScalarType type) {
  fc1_->prepare(type, {.slope = 0.0});
  fc2_->prepare(type);
}

IrSeUnitImpl::IrSeUnitImpl(int64_t in, int64_t out, int64_t stride)
    : stride_(stride),
      norm_in_(in),
      norm_out_(out),
      conv1_(in, out, 3, 1, /*with_bias=*/false),
      conv2_(out, out, 3, stride, /*with_bias=*/false),
      prelu_(prelu(out)),
      gate_(out) {
  register_module("res_layer", torch::nn::Sequential(norm_in_, conv1_, prelu_, conv2_, norm_out_, gate_));
  if (in == out) return;
  shortcut_conv_ = Convolution(in, out, 1, stride, /*with_bias=*/false);
  shortcut_norm_ = torch::nn::BatchNorm2d(out);
  register_module("shortcut_layer", torch::nn::Sequential(shortcut_conv_, shortcut_norm_));
}

at::Tensor IrSeUnitImpl::residual(const at::Tensor& x) {
  const at::Tensor inner = conv2_->forward(activated(conv1_->forward(norm_in_->forward(x)), prelu_));
  return gate_->forward(conv2_->prepared() ? inner : norm_out_->forward(inner));
}

at::Tensor IrSeUnitImpl::shortcut(const at::Tensor& x) {
  if (!shortcut_conv_) return x.slice(2, 0, x.size(2), stride_).slice(3, 0, x.size(3), stride_);
  const at::Tensor y = shortcut_conv_->forward(x);
  return shortcut_conv_->prepared() ? y : shortcut_norm_->forward(y);
}

at::Tensor IrSeUnitImpl::forward(const at::Tensor& x) { return residual(x) + shortcut(x); }

void IrSeUnitImpl::prepare(at::ScalarType type) {
  conv1_->prepare(type);
  conv2_->prepare(type, {.norm = &norm_out_});
  gate_->prepare(type);
  if (shortcut_conv_) shortcut_conv_->prepare(type, {.norm = &shortcut_norm_});
}

IrSe50::IrSe50(torch::nn::Module& parent, int64_t input_channels, const IrSeWidths& widths) {
  input_conv_ = Convolution(input_channels, widths[0], 3, 1, /*with_bias=*/false);
  input_norm_ = torch::nn::BatchNorm2d(widths[0]);
  input_prelu_ = prelu(widths[0]);
  parent.register_module("input_layer", torch::nn::Sequential(input_conv_, input_norm_, input_prelu_));
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
  at::Tensor y = input_conv_->forward(x);
  if (!input_conv_->prepared()) y = input_norm_->forward(y);
  y = activated(y, input_prelu_);
  auto unit = units_.begin();
  for (size_t stage = 0; stage < ends.size(); ++stage) {
    for (int64_t i = 0; i < kUnits[stage]; ++i, ++unit) y = (*unit)->forward(y);
    ends[stage] = y;
  }
  return {ends[1], ends[2], ends[3]};
}

void IrSe50::prepare(at::ScalarType type) {
  input_conv_->prepare(type, {.norm = &input_norm_});
  for (IrSeUnit& unit : units_) unit->prepare(type);
}

}  // namespace toonmirror::nets
