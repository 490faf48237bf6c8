// The StyleGAN2 generator (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN"):
// mapping network, modulated convolutions, skip architecture. Arithmetic as in rosinality/stylegan2-pytorch
// model.py (Generator), names as in NVlabs/stylegan2-ada-pytorch training/networks.py, which name blocks by
// resolution. One difference in storage: the weights of conv0 are kept as for a correlation (what conv2d
// computes), not flipped.
//
// Canonical parameter names, R = 4, 8, … resolution:
//   mapping.fc{i}.{weight,bias}   mapping.w_avg
//   synthesis.b4.const   synthesis.bR.{conv0,conv1,torgb}.{weight,bias,affine.weight,affine.bias}   (no conv0
//   in b4) synthesis.bR.{conv0,conv1}.{noise_const,noise_strength}       when the network has noise
//   synthesis.bR.likeness.{weight,bias}                            house family only, see LikenessFeatures
//   synthesis.bR.latent_map.{in,out,mix}.{weight,bias}             house family only, see LatentMap
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/backend.h"
#include "nets/layers.h"
#include "nets/upsampling_convolution.h"

namespace toonmirror::nets {

struct GeneratorOptions {
  int64_t resolution = 256;  // power of two, 8 … 1024
  int64_t z_dim = 512;
  int64_t w_dim = 512;
  int64_t mapping_layers = 2;
  double mapping_lr_multiplier = 0.01;
  std::map<int64_t, int64_t> channels;  // resolution → channels of that block, for 4, 8, … resolution
  bool noise = false;                   // per-pixel noise inputs; the house family has none
  // Activations and each block's RGB are clamped to ±conv_clamp (stylegan2-ada-pytorch); infinity: never.
  double conv_clamp = std::numeric_limits<double>::infinity();
  // Resolution → channels of the encoder features that may be added there (house family); empty for public
  // networks.
  std::map<int64_t, int64_t> likeness_channels;
  // Resolution (8, 16 or 32) → channels of a picture that is decoded from W+ and added there (house family),
  // see LatentMap; empty for public networks.
  std::map<int64_t, int64_t> latent_map_channels;

  // Number of rows of W+: 2·log2(resolution) − 2.
  int64_t latent_count() const;
  // Throws Error when a value is out of range or a block has no channel count.
  void check() const;
};

enum class NoiseMode { kConst, kRandom, kNone };

// Features of the photo's encoder by resolution, [N, likeness_channels[R], R, R], already scaled by
// `likeness` in [0, 1]. They carry what W+ learns last (gaze, glasses, a hand in front); leaving them out
// gives the pure W+ picture.
using LikenessFeatures = std::map<int64_t, at::Tensor>;

// Affine of w → styles, modulation, 3×3 convolution (after 2× upsampling when `up`), demodulation, noise,
// bias, lrelu(0.2) · √2.
class StyledConvImpl : public torch::nn::Module {
 public:
  // `resolution` is that of the output; `options` gives what all layers share.
  StyledConvImpl(int64_t in, int64_t out, int64_t resolution, bool up, const GeneratorOptions& options);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& w, NoiseMode noise_mode);
  void prepare(at::ScalarType type);

  // For inference, the same in fewer passes (inference_passes.h), once fast(x): what x is multiplied with,
  // per image and channel [N, in]; and the layer of an x, which `modulated` says is multiplied already, with
  // its result multiplied by `after` [N, out] unless that is undefined.
  bool fast(const at::Tensor& x) const { return x.is_cpu() && prepared_.ready_for(x); }
  at::Tensor style(const at::Tensor& w);
  at::Tensor infer(const at::Tensor& x, bool modulated, const at::Tensor& style, NoiseMode noise_mode,
                   const at::Tensor& after);

  torch::Tensor weight, bias, noise_const, noise_strength;
  FullyConnected affine{nullptr};

 private:
  at::Tensor demodulation(const at::Tensor& style) const;
  at::Tensor noise(NoiseMode mode, int64_t images, double gain) const;

  bool up_;
  double clamp_;
  bool reference_ = false;  // computed as in reference_layers.h
  PreparedWeight prepared_;
  UpsamplingConvolution upsampling_;
};
TORCH_MODULE(StyledConv);

// Affine of w → styles, modulated 1×1 convolution to RGB without demodulation, bias. Float result.
class ToRgbImpl : public torch::nn::Module {
 public:
  ToRgbImpl(int64_t in, const GeneratorOptions& options);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& w);
  void prepare() { reference_ = engine::backend() == engine::Backend::kTorch; }

  torch::Tensor weight, bias;
  FullyConnected affine{nullptr};

 private:
  double clamp_;
  bool reference_ = false;
};
TORCH_MODULE(ToRgb);

// A row of W+ → what is where at a block's resolution: linear maps of rank 128 to [N, channels, R, R], then a
// 1×1 convolution to the block's channels, which is zero in a new network. Modulation alone has to make all
// positions out of one constant, which takes many pictures to learn; decoders of auto-encoders begin with
// such a layer.
class LatentMapImpl : public torch::nn::Module {
 public:
  LatentMapImpl(int64_t w_dim, int64_t channels, int64_t resolution, int64_t out);
  // w [N, w_dim] → [N, out, R, R] in that type.
  at::Tensor forward(const at::Tensor& w, at::ScalarType type);
  void prepare(at::ScalarType type) { mix_->prepare(type); }

 private:
  int64_t channels_, resolution_;
  FullyConnected in_{nullptr}, out_{nullptr};
  ConvLayer mix_{nullptr};
};
TORCH_MODULE(LatentMap);

class SynthesisBlockImpl : public torch::nn::Module {
 public:
  SynthesisBlockImpl(const GeneratorOptions& options, int64_t resolution);
  void prepare(at::ScalarType type);
  // The two convolutions: x [N, in, R/2, R/2] (R in b4) → [N, out, R, R]. `row` of ws is the first one's.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& ws, int64_t row, const at::Tensor& features,
                     NoiseMode noise_mode);

  torch::Tensor constant;  // b4 only, "const": [C, 4, 4]
  StyledConv conv0{nullptr}, conv1{nullptr};
  ToRgb torgb{nullptr};
  ConvLayer likeness{nullptr};
  LatentMap latent_map{nullptr};

 private:
  // x with what is added between the two convolutions; w is the first one's row.
  at::Tensor with_additions(const at::Tensor& x, const at::Tensor& w, const at::Tensor& features);
};
TORCH_MODULE(SynthesisBlock);

// z [N, z_dim] → w [N, w_dim].
class MappingImpl : public torch::nn::Module {
 public:
  explicit MappingImpl(const GeneratorOptions& options);
  at::Tensor forward(const at::Tensor& z);

  torch::Tensor w_avg;  // [w_dim]

 private:
  std::vector<FullyConnected> layers_;
};
TORCH_MODULE(Mapping);

struct SynthesisOptions {
  NoiseMode noise_mode = NoiseMode::kConst;
  at::ScalarType compute_type = at::kFloat;  // of the activations; RGB is always accumulated in float
  int64_t max_resolution = 1024;             // stop after this block (progressive training, previews)
};

class SynthesisImpl : public torch::nn::Module {
 public:
  explicit SynthesisImpl(const GeneratorOptions& options);
  // ws [N, latent_count, w_dim] → RGB [N, 3, R, R] float, about [-1, 1], not clamped.
  at::Tensor forward(const at::Tensor& ws, const LikenessFeatures& features, const SynthesisOptions& options);
  void prepare(at::ScalarType type);
  // The same for the block of one resolution alone.
  void prepare_block(int64_t resolution, at::ScalarType type);

 private:
  std::vector<SynthesisBlock> blocks_;
  bool reference_ = false;
};
TORCH_MODULE(Synthesis);

class GeneratorImpl : public torch::nn::Module {
 public:
  explicit GeneratorImpl(const GeneratorOptions& options);

  const GeneratorOptions& options() const { return options_; }

  // z → W+ [N, latent_count, w_dim] with truncation w_avg + psi · (w − w_avg) on the first `cutoff` rows (−1:
  // all).
  at::Tensor map(const at::Tensor& z, double psi = 1.0, int64_t cutoff = -1);
  at::Tensor synthesize(const at::Tensor& ws, const LikenessFeatures& features = {},
                        const SynthesisOptions& options = {}) {
    return synthesis->forward(ws, features, options);
  }
  // Derives all convolution weights once, for inference in that type. Call again after changing a parameter.
  // With engine::Backend::kTorch nothing is derived, and layers compute as in reference_layers.h: float only.
  void prepare(at::ScalarType type) { synthesis->prepare(type); }

  Mapping mapping{nullptr};
  Synthesis synthesis{nullptr};

 private:
  GeneratorOptions options_;
};
TORCH_MODULE(Generator);

}  // namespace toonmirror::nets
