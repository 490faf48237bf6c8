// Building blocks of the First Order Motion Model (Siarohin et al. 2019, "First Order Motion Model for Image
// Animation", supplementary A). Arithmetic and names as in AliaksandrSiarohin/first-order-model
// modules/util.py. Batch normalisation is plain BatchNorm2d: in evaluation the synchronised kind of the
// reference is the same.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "nets/motion_options.h"
#include "nets/prepared_conv2d.h"

namespace toonmirror::nets {

// Convolution that keeps the size, batch normalisation, ReLU: `conv`, `norm`. [N, in, h, w] → [N, out, h, w].
// The reference's SameBlock2d; its DownBlock2d is this and a 2×2 average, its UpBlock2d is 2× nearest and
// this.
class ConvNormReluImpl : public torch::nn::Module {
 public:
  ConvNormReluImpl(int64_t in, int64_t out, int64_t kernel);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type) { conv_->prepare(type, norm_); }

 private:
  PreparedConv2d conv_{nullptr};
  torch::nn::BatchNorm2d norm_{nullptr};
};
TORCH_MODULE(ConvNormRelu);

// x + (norm1, ReLU, conv1, norm2, ReLU, conv2)(x), 3×3. The reference's ResBlock2d.
class PreActivationBlockImpl : public torch::nn::Module {
 public:
  explicit PreActivationBlockImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  PreparedConv2d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::BatchNorm2d norm1_{nullptr}, norm2_{nullptr};
};
TORCH_MODULE(PreActivationBlock);

// Channels of level i: min(max_features, block_expansion · 2^i).
int64_t level_width(int64_t block_expansion, int64_t max_features, int64_t level);

at::Tensor halved(const at::Tensor& x);   // 2×2 average
at::Tensor doubled(const at::Tensor& x);  // nearest

// Registers modules as name.0, name.1, … of a parent.
template <typename Holder>
void register_list(torch::nn::Module& parent, const std::string& name, const std::vector<Holder>& modules) {
  torch::nn::ModuleList list;
  for (const Holder& module : modules) list->push_back(module);
  parent.register_module(name, list);
}

// Encoder and decoder with skip connections: encoder.down_blocks.N, decoder.up_blocks.N.
// [N, in, h, w] → [N, width(), h, w]; h and w multiples of 2^num_blocks. The last `in` channels are x itself.
class HourglassImpl : public torch::nn::Module {
 public:
  HourglassImpl(const HourglassOptions& options, int64_t in);
  at::Tensor forward(const at::Tensor& x);
  int64_t width() const { return width_; }
  void prepare(at::ScalarType type);

 private:
  std::vector<ConvNormRelu> down_, up_;
  int64_t width_;
};
TORCH_MODULE(Hourglass);

// Gaussian blur of σ = (1/scale − 1)/2, then every step-th pixel from the first: [N, C, H, W] →
// [N, C, ⌈H/step⌉, ⌈W/step⌉]. Buffer `weight` [C, 1, k, k]. The reference's AntiAliasInterpolation2d.
class AntiAliasDownscaleImpl : public torch::nn::Module {
 public:
  AntiAliasDownscaleImpl(int64_t channels, const HourglassOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t step_;
  torch::Tensor weight_;
};
TORCH_MODULE(AntiAliasDownscale);

// The places of an h×w picture as (x, y) in [-1, 1], corners at the centres of the corner pixels: [h, w, 2].
at::Tensor coordinate_grid(int64_t h, int64_t w, const at::TensorOptions& options);

}  // namespace toonmirror::nets
