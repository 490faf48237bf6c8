// The convolutions of the house encoder that everything else of it stands on: latents, likeness features and
// the face parser.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <vector>

#include "nets/layers.h"

namespace toonmirror::nets {

inline constexpr int64_t kHouseEncoderSize_px = 256;  // of the pictures it takes

class EncoderStages {
 public:
  // Registers its layers in `owner` as b128_down, b64_down, b64_same, … `channels`: at 1/2, 1/4, … of the
  // input. Throws Error unless there are five, of at least one channel.
  EncoderStages(torch::nn::Module& owner, const std::vector<int64_t>& channels);

  // x [N, 3, 256, 256] RGB in [-1, 1] → [N, channels, size, size] of 128, 64, 32, 16 and 8 px, in the type of
  // x.
  std::vector<at::Tensor> operator()(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  std::vector<ConvLayer> down_, same_;
};

// The channels of the stages by their size in pixels.
std::map<int64_t, int64_t> stages_by_size(const std::vector<int64_t>& channels);

}  // namespace toonmirror::nets
