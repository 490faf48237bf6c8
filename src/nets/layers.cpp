#include "nets/layers.h"

#include <cmath>

namespace toonmirror::nets {
namespace {

thread_local bool skip_initialisation = false;

}  // namespace

WithoutInitialisation::WithoutInitialisation() : before_(skip_initialisation) { skip_initialisation = true; }
WithoutInitialisation::~WithoutInitialisation() { skip_initialisation = before_; }

at::Tensor initial_normal(at::IntArrayRef shape) {
  return skip_initialisation ? at::empty(shape) : at::randn(shape);
}

FullyConnectedImpl::FullyConnectedImpl(int64_t in, int64_t out, bool activate, double lr_multiplier,
                                       double bias_init)
    : activate_(activate), lr_multiplier_(lr_multiplier) {
  weight = register_parameter("weight", initial_normal({out, in}).div_(lr_multiplier));
  bias = register_parameter("bias", torch::full({out}, bias_init / lr_multiplier));
}

at::Tensor FullyConnectedImpl::forward(const at::Tensor& x) {
  const double gain = lr_multiplier_ / std::sqrt(static_cast<double>(weight.size(1)));
  const at::Tensor y = at::linear(x, weight * gain, bias * lr_multiplier_);
  return activate_ ? at::leaky_relu(y, 0.2) * kSqrt2 : y;
}

at::Tensor PreparedWeight::get(const at::Tensor& weight, double gain, at::ScalarType type) const {
  const at::Tensor& ready = prepared_.ready;
  if (ready.defined() && ready.scalar_type() == type && !at::GradMode::is_enabled()) return ready;
  const at::Tensor scaled = gain == 1.0 ? weight : weight * gain;
  return scaled.to(type).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor PreparedWeight::squares(const at::Tensor& weight) const {
  if (prepared_.squares.defined() && !at::GradMode::is_enabled()) return prepared_.squares;
  return weight.square().sum({2, 3});
}

void PreparedWeight::prepare(const at::Tensor& weight, double gain, at::ScalarType type) {
  prepare_weight(weight, gain, type, prepared_);
}

ConvLayerImpl::ConvLayerImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool activate)
    : stride_(stride),
      activate_(activate),
      gain_(1.0 / std::sqrt(static_cast<double>(in * kernel * kernel))) {
  weight = register_parameter("weight", initial_normal({out, in, kernel, kernel}));
  bias = register_parameter("bias", torch::zeros({out}));
}

at::Tensor ConvLayerImpl::forward(const at::Tensor& x) {
  const int64_t padding = weight.size(2) / 2;
  const at::Tensor y = at::conv2d(x, prepared_.get(weight, gain_, x.scalar_type()), {}, stride_, padding);
  if (!activate_) return y + bias.to(y.scalar_type()).view({1, -1, 1, 1});
  const at::Tensor scale = at::full({1, weight.size(0)}, kSqrt2, bias.options().requires_grad(false));
  return scale_bias_lrelu(y, scale, bias * kSqrt2);
}

}  // namespace toonmirror::nets
