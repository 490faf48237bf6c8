#include "nets/stylegan2.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "nets/inference_passes.h"
#include "nets/modulation.h"
#include "nets/reference_layers.h"

namespace toonmirror::nets {
namespace {

// Of the latent picture's linear map, relative to other layers: its smaller components drown in steps of the
// usual size.
constexpr double kPictureRate = 0.01;

at::Tensor clamped(const at::Tensor& x, double limit) {
  return std::isinf(limit) ? x : x.clamp(-limit, limit);
}

}  // namespace

int64_t GeneratorOptions::layer_rows() const {
  return 2 * (std::bit_width(static_cast<uint64_t>(resolution)) - 1) - 2;
}

int64_t GeneratorOptions::latent_count() const { return latent_rows > 0 ? latent_rows : layer_rows(); }

void GeneratorOptions::check() const {
  if (resolution < 8 || resolution > 1024 || !std::has_single_bit(static_cast<uint64_t>(resolution))) {
    throw Error("generator resolution " + std::to_string(resolution) +
                " is not a power of two from 8 to 1024");
  }
  constexpr int64_t kMaxLatent = 4096, kMaxMappingLayers = 64;
  if (z_dim < 1 || w_dim < 1 || mapping_layers < 1 || z_dim > kMaxLatent || w_dim > kMaxLatent ||
      mapping_layers > kMaxMappingLayers) {
    throw Error("generator with latents of " + std::to_string(z_dim) + " and " + std::to_string(w_dim) +
                " numbers and " + std::to_string(mapping_layers) + " mapping layers");
  }
  if (mapping_dim < 0 || mapping_dim > kMaxLatent) {
    throw Error("generator whose mapping layers have " + std::to_string(mapping_dim) +
                " numbers between them");
  }
  constexpr int64_t kFewestRows = 4;  // what a generator of 8 px has
  if (latent_rows != 0 && (latent_rows < kFewestRows || latent_rows > layer_rows())) {
    throw Error("generator of " + std::to_string(resolution) + " px with " + std::to_string(latent_rows) +
                " rows of latents, not from " + std::to_string(kFewestRows) + " to " +
                std::to_string(layer_rows()));
  }
  if (latent_picture_px < 0 || latent_picture_px > kLatentPictureSize_px ||
      (latent_picture_px > 0 && resolution < kLatentPictureSize_px)) {
    throw Error("generator of " + std::to_string(resolution) + " px with a latent picture of " +
                std::to_string(latent_picture_px) + " px");
  }
  for (int64_t r = 4; r <= resolution; r *= 2) {
    const auto found = channels.find(r);
    if (found == channels.end() || found->second < 1 || found->second > 1024) {
      throw Error("generator without a channel count from 1 to 1024 at resolution " + std::to_string(r));
    }
  }
}

StyledConvImpl::StyledConvImpl(int64_t in, int64_t out, int64_t resolution, bool up,
                               const GeneratorOptions& options)
    : up_(up), clamp_(options.conv_clamp) {
  weight = register_parameter("weight", initial_normal({out, in, 3, 3}));
  bias = register_parameter("bias", torch::zeros({out}));
  affine = register_module("affine",
                           FullyConnected(options.w_dim, in, /*activate=*/false, 1.0, /*bias_init=*/1.0));
  if (options.noise) {
    noise_const = register_buffer("noise_const", initial_normal({resolution, resolution}));
    noise_strength = register_parameter("noise_strength", torch::zeros({}));
  }
}

at::Tensor StyledConvImpl::style(const at::Tensor& w) {
  return affine->forward(w) * (1.0 / std::sqrt(static_cast<double>(weight.size(1) * 9)));
}

at::Tensor StyledConvImpl::demodulation(const at::Tensor& style) const {
  return (at::matmul(style.square(), prepared_.squares(weight).t()) + 1e-8).rsqrt();
}

at::Tensor StyledConvImpl::noise(NoiseMode mode, int64_t images, double gain) const {
  if (!noise_const.defined() || mode == NoiseMode::kNone) return {};
  const int64_t h = noise_const.size(0), w = noise_const.size(1);
  const at::Tensor plane = mode == NoiseMode::kConst ? noise_const.view({1, 1, h, w})
                                                     : at::randn({images, 1, h, w}, noise_const.options());
  return plane * (noise_strength * gain);
}

at::Tensor StyledConvImpl::infer(const at::Tensor& x, bool modulated, const at::Tensor& style,
                                 NoiseMode noise_mode, const at::Tensor& after) {
  // √2 is positive: it may go in front of the activation.
  const int64_t images = x.size(0);
  const LayerFinish finish = {demodulation(style) * kSqrt2, noise(noise_mode, images, kSqrt2), bias * kSqrt2,
                              clamp_, after};
  const at::Tensor scaled = modulated ? x : modulate(x, style);
  if (up_) return upsampling_(scaled, finish);
  at::Tensor y = prepared_.convolve(scaled, weight, 1.0, 1);
  finish_layer(y, finish);
  return y;
}

at::Tensor StyledConvImpl::forward(const at::Tensor& x, const at::Tensor& w, NoiseMode noise_mode) {
  const at::Tensor s = style(w);  // [N, in]
  const at::Tensor plane = noise(noise_mode, x.size(0), 1.0);
  if (reference_ && !at::GradMode::is_enabled()) {
    at::Tensor y = reference::modulated_convolution(x, weight, s, up_);
    if (plane.defined()) y = y + plane;
    return clamped(at::leaky_relu(y + bias.view({1, -1, 1, 1}), kLreluSlope) * kSqrt2, clamp_);
  }
  at::Tensor y = modulate(x, s);
  if (up_) y = upsample_2x(y, /*margin=*/1);
  y = prepared_.convolve(y, weight, 1.0, up_ ? 0 : 1);
  if (!plane.defined()) {
    return clamped(scale_bias_lrelu(y, demodulation(s) * kSqrt2, bias * kSqrt2), clamp_);
  }
  y = modulate(y, demodulation(s)) + plane.to(y.scalar_type());
  const at::Tensor gain_only = at::full({1, weight.size(0)}, kSqrt2, bias.options().requires_grad(false));
  return clamped(scale_bias_lrelu(y, gain_only, bias * kSqrt2), clamp_);
}

void StyledConvImpl::prepare(at::ScalarType type) {
  reference_ = engine::backend() == engine::Backend::kTorch;
  if (reference_) return;
  prepared_.prepare(weight, 1.0, up_ ? 0 : 1, type);
  if (up_) upsampling_.prepare(prepared_.get(weight, 1.0, type), type);
}

ToRgbImpl::ToRgbImpl(int64_t in, const GeneratorOptions& options) : clamp_(options.conv_clamp) {
  weight = register_parameter("weight", initial_normal({3, in, 1, 1}));
  bias = register_parameter("bias", torch::zeros({3}));
  affine = register_module("affine",
                           FullyConnected(options.w_dim, in, /*activate=*/false, 1.0, /*bias_init=*/1.0));
}

at::Tensor ToRgbImpl::forward(const at::Tensor& x, const at::Tensor& w) {
  const int64_t in = weight.size(1);
  const at::Tensor style = affine->forward(w) * (1.0 / std::sqrt(static_cast<double>(in)));
  const at::Tensor modulated = weight.view({1, 3, in}) * style.unsqueeze(1);  // [N, 3, in]
  const bool reference = reference_ && !at::GradMode::is_enabled();
  return clamped(
      (reference ? reference::to_rgb(x, modulated) : to_rgb(x, modulated)) + bias.view({1, 3, 1, 1}), clamp_);
}

LatentPictureImpl::LatentPictureImpl(int64_t w_dim, int64_t size_px) : size_px_(size_px) {
  linear = register_module("linear",
                           FullyConnected(w_dim, 3 * size_px * size_px, /*activate=*/false, kPictureRate));
}

at::Tensor LatentPictureImpl::forward(const at::Tensor& w) {
  const at::Tensor small = linear->forward(w).view({-1, 3, size_px_, size_px_});
  return at::upsample_bilinear2d(small, {kLatentPictureSize_px, kLatentPictureSize_px},
                                 /*align_corners=*/false);
}

SynthesisBlockImpl::SynthesisBlockImpl(const GeneratorOptions& options, int64_t resolution) {
  const int64_t out = options.channels.at(resolution);
  if (resolution == 4) {
    constant = register_parameter("const", initial_normal({out, 4, 4}));
  } else {
    const int64_t in = options.channels.at(resolution / 2);
    conv0 = register_module("conv0", StyledConv(in, out, resolution, /*up=*/true, options));
  }
  conv1 = register_module("conv1", StyledConv(out, out, resolution, /*up=*/false, options));
  torgb = register_module("torgb", ToRgb(out, options));
  if (const auto found = options.likeness_channels.find(resolution);
      found != options.likeness_channels.end()) {
    likeness = register_module("likeness", ConvLayer(found->second, out, 1, 1, /*activate=*/false));
    torch::NoGradGuard no_grad;
    likeness->weight.zero_();
  }
  if (options.latent_picture_px == 0 || resolution < kFirstPictureBlock_px ||
      resolution > kLatentPictureSize_px)
    return;
  const int64_t cell = kLatentPictureSize_px / resolution;
  picture_mix = register_module("picture_mix", ConvLayer(3 * cell * cell, out, 1, 1, /*activate=*/false));
  torch::NoGradGuard no_grad;
  picture_mix->weight.zero_();
  if (resolution != kLatentPictureSize_px) return;
  picture_rgb = register_module("picture_rgb", ConvLayer(3, 3, 1, 1, /*activate=*/false));
  picture_rgb->weight.copy_(at::eye(3).view({3, 3, 1, 1}) * (0.5 * std::sqrt(3.0)));
}

void SynthesisBlockImpl::prepare(at::ScalarType type) {
  if (conv0) conv0->prepare(type);
  conv1->prepare(type);
  torgb->prepare();
  if (likeness) likeness->prepare(type);
  if (picture_mix) picture_mix->prepare(type);
}

at::Tensor SynthesisBlockImpl::with_additions(const at::Tensor& x, const Additions& additions) {
  const at::ScalarType type = x.scalar_type();
  at::Tensor result = x;
  if (picture_mix) {
    const at::Tensor cells = at::pixel_unshuffle(additions.picture, kLatentPictureSize_px / x.size(2));
    result = result + picture_mix->forward(cells.to(type).contiguous(at::MemoryFormat::ChannelsLast));
  }
  if (!likeness) return result;
  // Features of zeros and no features at all are the same thing: the bias stays.
  if (!additions.features.defined()) return result + likeness->bias.to(type).view({1, -1, 1, 1});
  return result + likeness->forward(additions.features.to(type));
}

at::Tensor SynthesisBlockImpl::forward(const at::Tensor& x, const at::Tensor& w0, const at::Tensor& w1,
                                       const Additions& additions, NoiseMode noise_mode) {
  at::Tensor y = x;
  if (!conv1->fast(x)) {
    if (conv0) y = conv0->forward(y, w0, noise_mode);
    return conv1->forward(with_additions(y, additions), w1, noise_mode);
  }
  const at::Tensor style = conv1->style(w1);
  const bool modulated = conv0 && !likeness && !picture_mix;
  if (conv0) {
    y = conv0->infer(y, /*modulated=*/false, conv0->style(w0), noise_mode, modulated ? style : at::Tensor());
  }
  return conv1->infer(with_additions(y, additions), modulated, style, noise_mode, {});
}

at::Tensor SynthesisBlockImpl::rgb(const at::Tensor& x, const at::Tensor& w, const Additions& additions) {
  const at::Tensor result = torgb->forward(x, w);
  return picture_rgb ? result + picture_rgb->forward(additions.picture) : result;
}

MappingImpl::MappingImpl(const GeneratorOptions& options) {
  w_avg = register_buffer("w_avg", torch::zeros({options.w_dim}));
  const int64_t between = options.mapping_dim > 0 ? options.mapping_dim : options.w_dim;
  for (int64_t i = 0; i < options.mapping_layers; ++i) {
    const int64_t in = i == 0 ? options.z_dim : between;
    const int64_t out = i + 1 == options.mapping_layers ? options.w_dim : between;
    layers_.emplace_back(register_module(
        "fc" + std::to_string(i), FullyConnected(in, out, /*activate=*/true, options.mapping_lr_multiplier)));
  }
}

at::Tensor MappingImpl::forward(const at::Tensor& z) {
  at::Tensor x = z * (z.square().mean(1, /*keepdim=*/true) + 1e-8).rsqrt();
  for (FullyConnected& layer : layers_) x = layer->forward(x);
  return x;
}

SynthesisImpl::SynthesisImpl(const GeneratorOptions& options) : latent_count_(options.latent_count()) {
  if (options.latent_picture_px > 0) {
    picture = register_module("picture", LatentPicture(options.w_dim, options.latent_picture_px));
  }
  for (int64_t r = 4; r <= options.resolution; r *= 2) {
    blocks_.emplace_back(register_module("b" + std::to_string(r), SynthesisBlock(options, r)));
  }
}

void SynthesisImpl::prepare(at::ScalarType type) {
  reference_ = engine::backend() == engine::Backend::kTorch;
  prepare_block(0, type);
  for (SynthesisBlock& block : blocks_) block->prepare(type);
}

void SynthesisImpl::prepare_block(int64_t resolution, at::ScalarType type) {
  if (resolution == 0) {
    if (picture) picture->linear->prepare(type);
    return;
  }
  block(resolution).prepare(type);
}

SynthesisBlockImpl& SynthesisImpl::block(int64_t resolution) {
  return *blocks_.at(static_cast<size_t>(std::bit_width(static_cast<uint64_t>(resolution)) - 3));
}

at::Tensor SynthesisImpl::forward(const at::Tensor& ws, const LikenessFeatures& features,
                                  const SynthesisOptions& options) {
  const SynthesisBlock& first = blocks_.front();
  at::Tensor x = first->constant.unsqueeze(0).expand({ws.size(0), -1, -1, -1}).to(options.compute_type);
  at::Tensor rgb;
  SynthesisBlockImpl::Additions additions;
  if (picture) additions.picture = picture->forward(ws.select(1, 0));
  const auto row_of = [&](int64_t layer) { return ws.select(1, std::min(layer, latent_count_ - 1)); };
  int64_t layer = 0;  // a block's toRGB shares its row of W+ with the next block's first convolution
  int64_t resolution = 4;
  for (SynthesisBlock& block : blocks_) {
    if (resolution > options.max_resolution) break;
    const auto found = features.find(resolution);
    additions.features = found == features.end() ? at::Tensor() : found->second;
    const int64_t convolutions = block->conv0 ? 2 : 1;
    x = block->forward(x, row_of(layer), row_of(layer + convolutions - 1), additions, options.noise_mode);
    layer += convolutions;
    const at::Tensor contribution = block->rgb(x, row_of(layer), additions);
    if (rgb.defined()) {
      rgb = (reference_ ? reference::upsample_2x(rgb) : upsample_2x(rgb, /*margin=*/0)) + contribution;
    } else {
      rgb = contribution;
    }
    resolution *= 2;
  }
  return rgb;
}

GeneratorImpl::GeneratorImpl(const GeneratorOptions& options) : options_(options) {
  options_.check();
  mapping = register_module("mapping", Mapping(options_));
  synthesis = register_module("synthesis", Synthesis(options_));
}

at::Tensor GeneratorImpl::map(const at::Tensor& z, double psi, int64_t cutoff) {
  const int64_t count = options_.latent_count();
  at::Tensor ws = mapping->forward(z).unsqueeze(1).repeat({1, count, 1});
  if (psi == 1.0) return ws;
  at::Tensor psi_by_row = at::ones({1, count, 1}, ws.options());
  psi_by_row.narrow(1, 0, cutoff < 0 ? count : std::min(cutoff, count)).fill_(psi);
  return mapping->w_avg + psi_by_row * (ws - mapping->w_avg);
}

}  // namespace toonmirror::nets
