// The StyleGAN2 generator (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN"):
// mapping network, modulated convolutions, skip architecture. Arithmetic as in rosinality/stylegan2-pytorch
// model.py (Generator), names as in NVlabs/stylegan2-ada-pytorch training/networks.py, which name blocks by
// resolution. One difference in storage: the weights of conv0 are kept as for a correlation (what conv2d
// computes), not flipped.
//
// Canonical parameter names, R = 4, 8, … resolution:
//   mapping.fc{i}.{weight,bias}
//   mapping.w_avg
//   synthesis.b4.const
//   synthesis.bR.{conv0,conv1,torgb}.{weight,bias,affine.weight,affine.bias}   b4 has no conv0
//   synthesis.bR.{conv0,conv1}.{noise_const,noise_strength}        when the network has noise
//   synthesis.bR.likeness.{weight,bias}                            house family only, see LikenessFeatures
//   synthesis.picture.linear.{weight,bias}                         house family only, see LatentPicture
//   synthesis.bR.{picture_mix,picture_rgb}.{weight,bias}           the same
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
  // Numbers between the mapping network's layers (mapping_fmaps in NVlabs/stylegan2, layer_features in
  // stylegan2-ada-pytorch); 0: w_dim.
  int64_t mapping_dim = 0;
  double mapping_lr_multiplier = 0.01;
  std::map<int64_t, int64_t> channels;  // resolution → channels of that block, for 4, 8, … resolution
  bool noise = false;                   // per-pixel noise inputs; the house family has none
  // Activations and each block's RGB are clamped to ±conv_clamp (stylegan2-ada-pytorch); infinity: never.
  double conv_clamp = std::numeric_limits<double>::infinity();
  // Resolution → channels of the encoder features that may be added there (house family); empty for public
  // networks.
  std::map<int64_t, int64_t> likeness_channels;
  // Size of the small picture that is decoded from W+ (house family), see LatentPicture; 0: none.
  int64_t latent_picture_px = 0;

  // Number of rows of W+; 0: one for every layer. A generator that was grown beyond its encoder has fewer
  // rows than layers (nets/grow.h): further layers hear the last row.
  int64_t latent_rows = 0;

  // Rows of W+ that the layers could tell apart: 2·log2(resolution) − 2.
  int64_t layer_rows() const;
  // Rows of W+ that it takes, and its encoder has to give: latent_rows, or layer_rows.
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

inline constexpr int64_t kLatentPictureSize_px = 64;  // what the latent picture is enlarged to
inline constexpr int64_t kFirstPictureBlock_px = 16;  // the smallest block that hears of it

// The first row of W+ → a small picture, by a linear map, enlarged to 64 px: with the eigenfaces as that map
// (training/eigenfaces.h) a blurred portrait. Blocks of 16, 32 and 64 px mix it into their activations, a
// cell of it to each position, and at 64 px it is added to the picture, so that the network has to draw what
// is missing and not to invent a face: modulation alone has to make all positions out of one constant, which
// takes millions of pictures to learn.
class LatentPictureImpl : public torch::nn::Module {
 public:
  LatentPictureImpl(int64_t w_dim, int64_t size_px);
  // w [N, w_dim] → [N, 3, 64, 64] float.
  at::Tensor forward(const at::Tensor& w);

  FullyConnected linear{nullptr};  // to [3, size, size]

 private:
  int64_t size_px_;
};
TORCH_MODULE(LatentPicture);

class SynthesisBlockImpl : public torch::nn::Module {
 public:
  SynthesisBlockImpl(const GeneratorOptions& options, int64_t resolution);
  void prepare(at::ScalarType type);
  // What is added between the two convolutions, where the block has a use for it.
  struct Additions {
    at::Tensor features;  // LikenessFeatures of this resolution
    at::Tensor picture;   // of LatentPicture
  };
  // The two convolutions: x [N, in, R/2, R/2] (R in b4) → [N, out, R, R]. w0 and w1, each [N, w_dim], are
  // conv0's and conv1's; b4 has no conv0.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& w0, const at::Tensor& w1,
                     const Additions& additions, NoiseMode noise_mode);
  // The block's share of the RGB picture.
  at::Tensor rgb(const at::Tensor& x, const at::Tensor& w, const Additions& additions);

  torch::Tensor constant;  // b4 only, "const": [C, 4, 4]
  StyledConv conv0{nullptr}, conv1{nullptr};
  ToRgb torgb{nullptr};
  ConvLayer likeness{nullptr};
  ConvLayer picture_mix{nullptr};  // zero in a new network
  ConvLayer picture_rgb{nullptr};  // at 64 px; begins with half of the picture

 private:
  at::Tensor with_additions(const at::Tensor& x, const Additions& additions);
};
TORCH_MODULE(SynthesisBlock);

// z [N, z_dim] → w [N, w_dim].
class MappingImpl : public torch::nn::Module {
 public:
  explicit MappingImpl(const GeneratorOptions& options);
  at::Tensor forward(const at::Tensor& z);

  FullyConnected& layer(size_t index) { return layers_.at(index); }

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
  // The same for the block of one resolution alone; 0: for the latent picture, where there is one.
  void prepare_block(int64_t resolution, at::ScalarType type);

  SynthesisBlockImpl& block(int64_t resolution);

  LatentPicture picture{nullptr};  // null without latent_picture_px

 private:
  int64_t latent_count_;
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
