#include "training/latent_dropout.h"

#include <algorithm>

namespace toonmirror::training {
namespace {

constexpr double kWholeFeatures = 0.7;  // share of the samples with features whose features are not scaled

}  // namespace

std::vector<Thinning> draw_thinnings(int64_t count, const LatentDropout& dropout, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<Thinning> result;
  for (int64_t n = 0; n < count; ++n) {
    Thinning thinning;
    if (uniform(random) < dropout.all_features) {
      thinning = {
          .deltas = uniform(random) < dropout.deltas ? 0.0 : 1.0, .coarse = 0.0, .fine = 0.0, .w_only = true};
    } else {
      // Sometimes scaled at random, so that `likeness` works as a slider.
      thinning.coarse = uniform(random) < kWholeFeatures ? 1.0 : uniform(random);
      thinning.fine = uniform(random) < dropout.fine_features ? 0.0 : thinning.coarse;
    }
    result.push_back(thinning);
  }
  return result;
}

int64_t w_only_first(std::vector<Thinning>& thinnings) {
  const auto others = std::stable_partition(thinnings.begin(), thinnings.end(),
                                            [](const Thinning& thinning) { return thinning.w_only; });
  return others - thinnings.begin();
}

ThinnedLatents thin_out(const nets::HouseEncoding& code, const std::vector<Thinning>& thinnings) {
  const auto count = static_cast<int64_t>(thinnings.size());
  TORCH_CHECK(count == code.w.size(0), "one thinning for each sample");
  at::Tensor deltas = at::empty({count, 1, 1});
  at::Tensor coarse = at::empty({count, 1, 1, 1});
  at::Tensor fine = at::empty({count, 1, 1, 1});
  for (int64_t n = 0; n < count; ++n) {
    const Thinning& thinning = thinnings[static_cast<size_t>(n)];
    deltas[n] = thinning.deltas;
    coarse[n] = thinning.coarse;
    fine[n] = thinning.fine;
  }
  ThinnedLatents result;
  result.ws = code.w.unsqueeze(1) + code.deltas * deltas;
  for (const auto& [resolution, feature] : code.features) {
    result.features[resolution] = feature * (resolution <= 32 ? coarse : fine).to(feature.scalar_type());
  }
  return result;
}

ThinnedLatents thin_out(const nets::HouseEncoding& code, const LatentDropout& dropout,
                        std::mt19937_64& random) {
  return thin_out(code, draw_thinnings(code.w.size(0), dropout, random));
}

}  // namespace toonmirror::training
