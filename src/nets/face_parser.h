// The house's face parser: the house encoder's stages and a parsing head on them, without the encoder's
// latents. Beside the encoder it was trained on only its head has to be computed.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "nets/encoder_stages.h"
#include "nets/parsing_head.h"

namespace toonmirror::nets {

struct FaceParserOptions {
  std::vector<int64_t> stages;  // channels, as HouseEncoderOptions::channels
  ParsingLevels levels;
};

class FaceParserImpl : public torch::nn::Module {
 public:
  // Throws Error unless there are five stages and a level for each.
  explicit FaceParserImpl(const FaceParserOptions& options);

  const FaceParserOptions& options() const { return options_; }

  // x [N, 3, 256, 256] RGB in [-1, 1] → logits [N, 11, 128, 128] float of the classes FaceClass.
  at::Tensor forward(const at::Tensor& x) { return parse(stages_(x)); }
  // The same from stages that are known.
  at::Tensor parse(const std::vector<at::Tensor>& stages);
  std::vector<at::Tensor> stages(const at::Tensor& x) { return stages_(x); }
  ParsingHead& head() { return head_; }
  void prepare(at::ScalarType type);

 private:
  FaceParserOptions options_;
  EncoderStages stages_;
  ParsingHead head_{nullptr};
};
TORCH_MODULE(FaceParser);

// Whether both have the same numbers in all tensors of their stages, so that what one computed there serves
// the other.
bool share_stages(const torch::nn::Module& encoder, const FaceParser& parser);

// Gives a parser the stages of another; those must be of one shape.
void copy_stages(const FaceParser& from, FaceParser& to);

}  // namespace toonmirror::nets
