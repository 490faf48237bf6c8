#include "training/parsing_loss.h"

#include <array>

#include "nets/parsing_head.h"

namespace toonmirror::training {
namespace {

// How much a pixel of each class of nets::FaceClass counts: eyes and lips are few, and what a wrong one costs
// is seen.
constexpr std::array<float, nets::kFaceClassCount> kClassWeights = {1, 1, 2, 3, 3, 2, 2, 2, 1, 2, 1};

// [N, 256, 256] → [N, 11, 128, 128]: what share of each cell belongs to each class.
at::Tensor shares_of(const at::Tensor& labels) {
  const int64_t step = labels.size(1) / nets::kParsingSize_px;
  const at::Tensor one_hot =
      at::zeros({labels.size(0), nets::kFaceClassCount, labels.size(1), labels.size(2)})
          .scatter_(1, labels.unsqueeze(1), 1.0);
  return at::avg_pool2d(one_hot, {step, step});
}

}  // namespace

at::Tensor parsing_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor shares = shares_of(labels);
  const at::Tensor log_probability = logits.log_softmax(1);
  const at::Tensor weighted =
      shares *
      at::tensor(at::ArrayRef<float>(kClassWeights.data(), kClassWeights.size())).view({1, -1, 1, 1});
  const at::Tensor cross_entropy = -(weighted * log_probability).sum() / weighted.sum();

  const at::Tensor probability = log_probability.exp();
  const at::Tensor shared = (probability * shares).sum({0, 2, 3});
  const at::Tensor either = (probability + shares).sum({0, 2, 3}) - shared;
  const at::Tensor present = (shares.sum({0, 2, 3}) > 0).to(at::kFloat);
  const at::Tensor apart = ((1.0 - shared / either.clamp_min(1e-3)) * present).sum() / present.sum();
  return 0.5 * (cross_entropy + apart);
}

}  // namespace toonmirror::training
