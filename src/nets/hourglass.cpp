#include "nets/hourglass.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::nets {
namespace {

PreparedConv2d convolution(int64_t in, int64_t out, int64_t kernel) {
  return PreparedConv2d(torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2));
}

}  // namespace

ConvNormReluImpl::ConvNormReluImpl(int64_t in, int64_t out, int64_t kernel) {
  conv_ = register_module("conv", convolution(in, out, kernel));
  norm_ = register_module("norm", torch::nn::BatchNorm2d(out));
}

at::Tensor ConvNormReluImpl::forward(const at::Tensor& x) {
  if (conv_->includes_norm()) return conv_->forward(x);
  return norm_->forward(conv_->forward(x)).relu_();
}

PreActivationBlockImpl::PreActivationBlockImpl(int64_t channels) {
  conv1_ = register_module("conv1", convolution(channels, channels, 3));
  conv2_ = register_module("conv2", convolution(channels, channels, 3));
  norm1_ = register_module("norm1", torch::nn::BatchNorm2d(channels));
  norm2_ = register_module("norm2", torch::nn::BatchNorm2d(channels));
}

at::Tensor PreActivationBlockImpl::forward(const at::Tensor& x) {
  const at::Tensor active = norm1_->forward(x).relu_();
  at::Tensor inner = conv1_->forward(active);
  if (!conv1_->includes_norm()) inner = norm2_->forward(inner).relu();
  return conv2_->forward(inner) + x;
}

void PreActivationBlockImpl::prepare(at::ScalarType type) {
  conv1_->prepare(type, norm2_);
  conv2_->prepare(type);
}

int64_t level_width(int64_t block_expansion, int64_t max_features, int64_t level) {
  return std::min(max_features, block_expansion << level);
}

at::Tensor halved(const at::Tensor& x) { return at::avg_pool2d(x, 2); }

at::Tensor doubled(const at::Tensor& x) { return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}); }

HourglassImpl::HourglassImpl(const HourglassOptions& options, int64_t in)
    : width_(options.block_expansion + in) {
  const auto width_of = [&](int64_t level) {
    return level_width(options.block_expansion, options.max_features, level);
  };
  for (int64_t level = 0; level < options.num_blocks; ++level) {
    down_.emplace_back(ConvNormRelu(level == 0 ? in : width_of(level), width_of(level + 1), 3));
  }
  for (int64_t level = options.num_blocks; level-- > 0;) {
    // All but the deepest read what came up and the skip of the same width.
    const int64_t inputs = level == options.num_blocks - 1 ? 1 : 2;
    up_.emplace_back(ConvNormRelu(inputs * width_of(level + 1), width_of(level), 3));
  }
  const auto encoder = std::make_shared<torch::nn::Module>(), decoder = std::make_shared<torch::nn::Module>();
  register_list(*encoder, "down_blocks", down_);
  register_list(*decoder, "up_blocks", up_);
  register_module("encoder", encoder);
  register_module("decoder", decoder);
}

at::Tensor HourglassImpl::forward(const at::Tensor& x) {
  std::vector<at::Tensor> levels = {x};
  for (ConvNormRelu& block : down_) levels.push_back(halved(block->forward(levels.back())));
  at::Tensor y = levels.back();
  for (ConvNormRelu& block : up_) {
    levels.pop_back();
    y = at::cat({block->forward(doubled(y)), levels.back()}, 1);
  }
  return y;
}

void HourglassImpl::prepare(at::ScalarType type) {
  for (auto* blocks : {&down_, &up_}) {
    for (ConvNormRelu& block : *blocks) block->prepare(type);
  }
}

AntiAliasDownscaleImpl::AntiAliasDownscaleImpl(int64_t channels, const HourglassOptions& options)
    : step_(options.step()) {
  const double sigma = (1.0 / options.scale_factor - 1.0) / 2.0;
  const auto radius = static_cast<int64_t>(std::nearbyint(sigma * 4.0));  // half to even, as Python rounds
  const at::Tensor x = at::arange(2 * radius + 1, at::kFloat) - static_cast<double>(radius);
  const at::Tensor line = at::exp(-x.square() / (2.0 * sigma * sigma));
  const at::Tensor square = line.unsqueeze(1) * line;
  weight_ = register_buffer("weight", (square / square.sum()).repeat({channels, 1, 1, 1}));
}

at::Tensor AntiAliasDownscaleImpl::forward(const at::Tensor& x) {
  // Only the pixels that are kept are computed; in float, which mixed precision leaves them.
  const c10::impl::ExcludeDispatchKeyGuard in_float(c10::autocast_dispatch_keyset);
  return at::conv2d(x, weight_, {}, step_, weight_.size(2) / 2, 1, weight_.size(0));
}

at::Tensor coordinate_grid(int64_t h, int64_t w, const at::TensorOptions& options) {
  const auto line = [&](int64_t size) {
    return 2.0 * (at::arange(size, options) / static_cast<double>(size - 1)) - 1.0;
  };
  return at::stack({line(w).view({1, w}).expand({h, w}), line(h).view({h, 1}).expand({h, w})}, 2);
}

}  // namespace toonmirror::nets
