#include "nets/layers.h"

#include <cmath>
#include <vector>

#include "engine/backend.h"

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

double FullyConnectedImpl::gain() const {
  return lr_multiplier_ / std::sqrt(static_cast<double>(weight.size(1)));
}

void FullyConnectedImpl::set(const at::Tensor& matrix, const at::Tensor& offset) {
  const at::NoGradGuard no_grad;
  weight.copy_(matrix / gain());
  bias.copy_(offset / lr_multiplier_);
}

void FullyConnectedImpl::prepare(at::ScalarType type) {
  const bool rounded = type == at::kBFloat16 && engine::backend() != engine::Backend::kTorch;
  prepared_ = rounded ? (weight.detach() * gain()).to(type) : at::Tensor();
}

at::Tensor FullyConnectedImpl::product(const at::Tensor& rows) const {
  const at::Tensor offset = bias * lr_multiplier_;
  if (at::GradMode::is_enabled()) return at::addmm(offset, rows, weight.t(), 1.0, gain());
  if (prepared_.defined())
    return at::linear(rows.to(prepared_.scalar_type()), prepared_).to(at::kFloat) + offset;
  // A single long row is faster as a vector.
  if (rows.size(0) == 1 && rows.size(1) > weight.size(0)) {
    return at::addmv(offset, weight, rows[0], 1.0, gain()).unsqueeze(0);
  }
  // The gain is multiplied into the product and not into the weight, which is larger.
  return at::addmm(offset, rows, weight.t(), 1.0, gain());
}

at::Tensor FullyConnectedImpl::forward(const at::Tensor& x) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  const at::Tensor y = product(x.reshape({-1, weight.size(1)})).view(shape);
  return activate_ ? at::leaky_relu(y, kLreluSlope) * kSqrt2 : y;
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

at::Tensor PreparedWeight::convolve(const at::Tensor& x, const at::Tensor& weight, double gain,
                                    int64_t padding) const {
  if (ready_for(x)) return convolution_(x);
  return at::conv2d(x, get(weight, gain, x.scalar_type()), {}, 1, padding);
}

void PreparedWeight::prepare(const at::Tensor& weight, double gain, int64_t padding, at::ScalarType type) {
  prepare_weight(weight, gain, type, prepared_);
  convolution_.prepare(prepared_.ready, {}, type, {.padding = {padding, padding}});
}

ConvLayerImpl::ConvLayerImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool activate)
    : stride_(stride),
      activate_(activate),
      gain_(1.0 / std::sqrt(static_cast<double>(in * kernel * kernel))) {
  weight = register_parameter("weight", initial_normal({out, in, kernel, kernel}));
  bias = register_parameter("bias", torch::zeros({out}));
}

at::Tensor ConvLayerImpl::forward(const at::Tensor& x) {
  if (convolution_.ready()) return convolution_(x);
  const at::Tensor ready = (weight * gain_).to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor y = at::conv2d(x, ready, {}, stride_, weight.size(2) / 2);
  if (!activate_) return y + bias.to(y.scalar_type()).view({1, -1, 1, 1});
  if (reference_ && !at::GradMode::is_enabled()) {
    return at::leaky_relu(y + bias.view({1, -1, 1, 1}), kLreluSlope) * kSqrt2;
  }
  const at::Tensor scale = at::full({1, weight.size(0)}, kSqrt2, bias.options().requires_grad(false));
  return scale_bias_lrelu(y, scale, bias * kSqrt2);
}

void ConvLayerImpl::prepare(at::ScalarType type) {
  const at::NoGradGuard no_grad;
  engine::ConvolutionOptions options{.stride = stride_, .padding = {weight.size(2) / 2, weight.size(3) / 2}};
  // A positive factor may be applied before the activation as well as after it.
  const double after = activate_ ? kSqrt2 : 1.0;
  if (activate_) options.slope = kLreluSlope;
  convolution_.prepare(weight * (gain_ * after), bias * after, type, options);
  reference_ = engine::backend() == engine::Backend::kTorch;
}

}  // namespace toonmirror::nets
