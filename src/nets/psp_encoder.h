// The public encoders of faces into W+: pSp (Richardson et al. 2021, "Encoding in Style", section 3) and e4e
// (Tov et al. 2021, "Designing an Encoder for StyleGAN Image Manipulation"). One network with two
// readings of its output: a feature pyramid over IR-SE50, and one small network per row of W+. Arithmetic and
// names as in eladrich/pixel2style2pixel and omertov/encoder4editing, both models/encoders/psp_encoders.py
// (GradualStyleEncoder, Encoder4Editing); names are the reference's without `encoder.`:
//   input_layer.{0,1,2}…   body.N.{res_layer,shortcut_layer}…   latlayer1   latlayer2
//   styles.N.convs.M   styles.N.linear   latent_avg
//
//   const std::optional<PspEncoderWeights> found = find_psp_encoder(file);
//   PspEncoder encoder = load_psp_encoder(found->options, found->tensors, path);
//   const at::Tensor w_plus = encoder->w_plus(picture);
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_file.h"
#include "checkpoint/safetensors.h"
#include "nets/ir_se_backbone.h"
#include "nets/layers.h"

namespace toonmirror::nets {

// What the rows that come out mean. Tensors do not tell: both kinds have the same names and shapes.
enum class PspFlavour {
  kPsp,  // every row stands alone
  kE4e,  // the first row, and what the others add to it
};

// The class in the reference, as `opts.encoder_type` of a checkpoint names it: "GradualStyleEncoder",
// "Encoder4Editing".
std::string psp_encoder_type(PspFlavour flavour);
// The reverse; throws Error for other encoders, beginning with `where`.
PspFlavour psp_flavour(const std::string& encoder_type, const std::string& where);

struct PspEncoderOptions {
  PspFlavour flavour = PspFlavour::kPsp;
  int64_t input_channels = 3;
  IrSeWidths widths = {64, 128, 256, 512};
  int64_t style_dim = 512;
  // For every row of W+: how many halvings take its feature map to one place. 4: c3 (16×16, coarse), 5: p2
  // (32×32), 6: p1 (64×64, fine). Public: 4 three times, 5 four times, 6 for the rest.
  std::vector<int64_t> style_depths;

  int64_t style_count() const { return static_cast<int64_t>(style_depths.size()); }
  // Throws Error naming the value that is out of range.
  void check() const;
};

// From the names and shapes of an encoder's tensors, named as above. Throws Error naming a tensor that is
// missing or of an impossible shape; `where` begins the message.
PspEncoderOptions psp_options_from_tensors(const checkpoint::NamedTensors& tensors, PspFlavour flavour,
                                           const std::string& where);

// From the feature map of one level to one row: halving convolutions, then a linear layer. [N, in, s, s] →
// [N, out] where s = 2^depth.
class StyleHeadImpl : public torch::nn::Module {
 public:
  StyleHeadImpl(int64_t in, int64_t out, int64_t depth);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  std::vector<Convolution> convs_;
  FullyConnected linear_{nullptr};
};
TORCH_MODULE(StyleHead);

inline constexpr int64_t kPspInputSize_px = 256;

class PspEncoderImpl : public torch::nn::Module {
 public:
  // Weights of convolutions are not initialised, see load_psp_encoder. Throws Error for options out of range.
  explicit PspEncoderImpl(const PspEncoderOptions& options);

  const PspEncoderOptions& options() const { return options_; }

  // x [N, input_channels, 256, 256], RGB in [-1, 1] → codes [N, style_count, style_dim]: rows of W+ less
  // those of the average face. Throws Error for another shape.
  at::Tensor forward(const at::Tensor& x);
  // The same with the average face added: W+ of the generator the encoder was trained with.
  at::Tensor w_plus(const at::Tensor& x) { return forward(x) + latent_avg_; }

  // For inference, see InferenceConvolution. Takes as much memory again as the weights.
  void prepare(at::ScalarType type);

 private:
  PspEncoderOptions options_;
  IrSe50 backbone_;
  Convolution latlayer1_{nullptr}, latlayer2_{nullptr};
  std::vector<StyleHead> styles_;
  torch::Tensor latent_avg_;  // [style_count, style_dim]
};
TORCH_MODULE(PspEncoder);

// The encoder for evaluation. It takes over float tensors as they are, without a copy: they must not be
// written to afterwards. `latent_avg` may be one row for all; without it the codes are W+ already. Counters
// of batch normalisation (num_batches_tracked) may be missing. Throws Error, beginning with `where`, when
// another tensor is missing, superfluous or of another shape.
PspEncoder load_psp_encoder(const PspEncoderOptions& options, const checkpoint::NamedTensors& tensors,
                            const std::string& where);

struct PspEncoderWeights {
  PspEncoderOptions options;
  checkpoint::NamedTensors tensors;  // as load_psp_encoder wants them
  std::string source;              // what it was found as: "eladrich/pixel2style2pixel, GradualStyleEncoder"
  std::vector<std::string> notes;  // what was missing in the file and how it was filled
};

// The encoder of a public checkpoint {state_dict, opts, latent_avg}; nothing where it holds none. Where the file
// has no average latent, that of its decoder is taken, as the reference does (models/psp.py, __load_latent_avg). Throws
// Error for encoders of another kind and where opts or tensors are missing, naming them.
std::optional<PspEncoderWeights> find_psp_encoder(const checkpoint::CheckpointFile& file);

}  // namespace toonmirror::nets
