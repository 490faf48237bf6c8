// Face parsing on the house encoder's stages: from the coarsest to the finest, each level adds what its stage
// sees to the enlarged level below and mixes its surroundings (after Lin et al. 2017, "Feature Pyramid
// Networks for Object Detection").
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <vector>

#include "nets/layers.h"

namespace toonmirror::nets {

// The classes of the parsing head, in this order.
enum class FaceClass : uint8_t {
  kBackground,
  kSkin /* with ears, nose, neck */,
  kBrow,
  kEye,
  kIris,
  kGlasses,
  kMouth /* inside */,
  kLips,
  kHair,
  kHat,
  kCloth
};
inline constexpr int64_t kFaceClassCount = 11;
inline constexpr int64_t kParsingSize_px = 128;

// One level of the pyramid: how many channels it has and how many 3×3 layers mix its surroundings.
struct ParsingLevel {
  int64_t channels = 0;
  int64_t depth = 1;
};
using ParsingLevels = std::map<int64_t, ParsingLevel>;  // by size in pixels, each half of the next

// `width` channels and one layer on all levels up to 32 px; 64 px has half of the channels and 128 px a
// quarter, as each level would otherwise cost four times as much as the one before.
ParsingLevels plain_levels(const std::map<int64_t, int64_t>& stages, int64_t width);

class ParsingHeadImpl : public torch::nn::Module {
 public:
  // `stages`: channels of the stages by their size in pixels; `levels` has the same sizes. Throws Error
  // otherwise, and where a level has no channel, no layer, or too many of either.
  ParsingHeadImpl(const std::map<int64_t, int64_t>& stages, const ParsingLevels& levels);

  // stages [N, channels, size, size] from the finest to the coarsest; returns logits [N, 11, finest, finest]
  // in their type.
  at::Tensor forward(const std::vector<at::Tensor>& stages);
  void prepare(at::ScalarType type);

 private:
  struct Level {
    ConvLayer in{nullptr};
    ConvLayer fit{nullptr};  // from the channels of the level below to its own, where they differ
    std::vector<ConvLayer> mix;
  };
  std::vector<Level> levels_;  // from the coarsest to the finest
  ConvLayer out_{nullptr};
};
TORCH_MODULE(ParsingHead);

}  // namespace toonmirror::nets
