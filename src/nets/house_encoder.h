// The house encoder: one small convolutional network (1.4 GFLOP) that projects an aligned face into W+,
// hands the generator the likeness features, and parses the face into 11 classes.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "nets/layers.h"
#include "nets/parsing_head.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

struct HouseEncoderOptions {
  int64_t resolution = 256;
  int64_t w_dim = 512;
  int64_t latent_count = 14;
  std::vector<int64_t> channels = {32, 48, 96, 192, 256};  // at 1/2, 1/4, 1/8, 1/16, 1/32 of the input
  std::map<int64_t, int64_t> likeness_channels;  // as in the generator; resolutions 32 and 64 are possible
  int64_t parsing_channels = 64;
};

struct HouseEncoding {
  at::Tensor w;               // [N, w_dim], common to all rows
  at::Tensor deltas;          // [N, latent_count, w_dim], what each row adds; W+ = w + deltas
  LikenessFeatures features;  // not scaled
  at::Tensor parsing;         // [N, 11, 128, 128] logits; undefined when not asked for

  at::Tensor w_plus() const { return w.unsqueeze(1) + deltas; }
};

class HouseEncoderImpl : public torch::nn::Module {
 public:
  explicit HouseEncoderImpl(const HouseEncoderOptions& options);

  const HouseEncoderOptions& options() const { return options_; }

  // x [N, 3, 256, 256] RGB in [-1, 1]; activations in the type of x, latents in float.
  HouseEncoding forward(const at::Tensor& x, bool parse);
  // What the heads see: [N, channels, size, size] of 128, 64, 32, 16 and 8 px, in the type of x.
  std::vector<at::Tensor> stages(const at::Tensor& x);
  // Of stages() alone.
  ParsingHead& parsing_head() { return parsing_; }
  void prepare(at::ScalarType type);

 private:
  HouseEncoderOptions options_;
  std::vector<ConvLayer> down_, same_;
  std::map<int64_t, ConvLayer> likeness_;
  FullyConnected summary_{nullptr}, latent_{nullptr}, delta_in_{nullptr}, delta_out_{nullptr};
  ParsingHead parsing_{nullptr};
};
TORCH_MODULE(HouseEncoder);

}  // namespace toonmirror::nets
