#include "training/latent_translation.h"

#include <bit>
#include <cmath>
#include <string>

#include "training/mapping_trainer.h"

namespace toonmirror::training {
namespace {

// Relative to the variance of w.
constexpr double kRidge = 1e-3;
constexpr double kSameLatents = 1e-3;  // mean square distance, relative to the latents' own

// The row of W+ that "synthesis.b16.conv0.affine.weight" reads.
int64_t row_of(const std::string& name) {
  const std::string block = name.substr(name.find(".b") + 2);
  const int64_t conv1 = 2 * (std::bit_width(static_cast<uint64_t>(std::stoll(block))) - 3);
  if (block.find("conv0") != std::string::npos) return conv1 - 1;
  return block.find("torgb") != std::string::npos ? conv1 + 1 : conv1;
}

}  // namespace

LatentTranslation fit_translation(const at::Tensor& w, const at::Tensor& earlier_w_plus) {
  const at::NoGradGuard no_grad;
  const int64_t rows = earlier_w_plus.size(1), width = earlier_w_plus.size(2);
  const at::Tensor mean = w.mean(0), earlier_mean = earlier_w_plus.mean(0);
  const at::Tensor centred = (w - mean).to(at::kDouble);
  const at::Tensor targets = (earlier_w_plus - earlier_mean).flatten(1).to(at::kDouble);
  at::Tensor gram = at::matmul(centred.t(), centred);
  gram = gram + at::eye(w.size(1), at::kDouble) * (gram.diagonal().mean() * kRidge + 1e-9);
  const at::Tensor solution =
      at::linalg_solve(gram, at::matmul(centred.t(), targets));  // [w_dim, rows·width]
  LatentTranslation result;
  result.matrices = solution.view({w.size(1), rows, width}).permute({1, 2, 0}).to(at::kFloat).contiguous();
  result.offsets = earlier_mean - at::matmul(result.matrices, mean);
  return result;
}

LatentTranslation translation_between(const PairPack& pack, nets::HouseEncoder& encoder,
                                      nets::HouseEncoder& earlier, at::ScalarType type) {
  const EncodedPhotos now = encode_all(pack, encoder, type), then = encode_all(pack, earlier, type);
  const double apart = (now.w_plus - then.w_plus).square().mean().item<double>();
  if (apart < kSameLatents * then.w_plus.square().mean().item<double>()) return {};
  return fit_translation(now.w, then.w_plus);
}

checkpoint::NamedTensors translated(checkpoint::NamedTensors tensors, const LatentTranslation& translation) {
  if (!translation.matrices.defined()) return tensors;
  const at::NoGradGuard no_grad;
  constexpr std::string_view kWeight = ".affine.weight";
  for (auto& [name, weight] : tensors) {
    if (!name.ends_with(kWeight)) continue;
    const int64_t row = row_of(name);
    at::Tensor& bias = tensors.at(name.substr(0, name.size() - kWeight.size()) + ".affine.bias");
    // Stored weights are scaled by 1 / √in when used (nets::FullyConnected), biases are not.
    const double gain = 1.0 / std::sqrt(static_cast<double>(weight.size(1)));
    bias = bias + at::matmul(weight, translation.offsets[row]) * gain;
    weight = at::matmul(weight, translation.matrices[row]);
  }
  return tensors;
}

}  // namespace toonmirror::training
