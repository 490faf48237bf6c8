// The house encoder: one small convolutional network (1.0 GFLOP) that projects an aligned face into W+ and
// hands the generator the likeness features. It learns to parse the face into 11 classes beside that (0.4
// GFLOP), which teaches its stages what is where; what the program parses with is nets/face_parser.h.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "nets/encoder_stages.h"
#include "nets/layers.h"
#include "nets/parsing_head.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

struct HouseEncoderOptions {
  int64_t resolution = kHouseEncoderSize_px;
  int64_t w_dim = 512;
  int64_t latent_count = 14;
  std::vector<int64_t> channels = {32, 48, 96, 192, 256};  // at 1/2, 1/4, 1/8, 1/16, 1/32 of the input
  std::map<int64_t, int64_t> likeness_channels;  // as in the generator; resolutions 32 and 64 are possible
  int64_t parsing_channels = 64;
  // Size of the small picture whose linear projection is the larger part of w (training/eigenfaces.h); 0: the
  // stages alone give w.
  int64_t projection_px = 0;
};

struct HouseEncoding {
  at::Tensor w;               // [N, w_dim], common to all rows
  at::Tensor deltas;          // [N, latent_count, w_dim], what each row adds; W+ = w + deltas
  LikenessFeatures features;  // not scaled
  at::Tensor parsing;         // [N, 11, 128, 128] logits; undefined when not asked for

  at::Tensor w_plus() const { return w.unsqueeze(1) + deltas; }
};

// Pictures [N, 3, R, R] averaged down to what the encoder projects, [N, 3, size, size] float.
at::Tensor small_picture(const at::Tensor& pictures, int64_t size_px);

class HouseEncoderImpl : public torch::nn::Module {
 public:
  explicit HouseEncoderImpl(const HouseEncoderOptions& options);

  const HouseEncoderOptions& options() const { return options_; }

  // x [N, 3, 256, 256] RGB in [-1, 1]; activations in the type of x, latents in float.
  HouseEncoding forward(const at::Tensor& x, bool parse);
  // What the heads see, see EncoderStages.
  std::vector<at::Tensor> stages(const at::Tensor& x) { return stages_(x); }
  // Of stages() alone.
  LikenessFeatures features(const std::vector<at::Tensor>& stages);
  // w and deltas of x and the last of stages(x); nothing else is set.
  HouseEncoding latents(const at::Tensor& x, const at::Tensor& last_stage);
  // The layers that give w and deltas and nothing else.
  std::vector<torch::nn::Module*> latent_heads();
  // x at projection_px [N, 3 · projection_px²] → w; undefined without one.
  FullyConnected& projection() { return projection_; }
  // Makes w the projection's alone, without deltas, as a start of training.
  void silence_stages();
  void prepare(at::ScalarType type);

 private:
  HouseEncoderOptions options_;
  EncoderStages stages_;
  std::map<int64_t, ConvLayer> likeness_;
  FullyConnected summary_{nullptr}, latent_{nullptr}, delta_in_{nullptr}, delta_out_{nullptr};
  FullyConnected projection_{nullptr};
  ParsingHead parsing_{nullptr};
};
TORCH_MODULE(HouseEncoder);

}  // namespace toonmirror::nets
