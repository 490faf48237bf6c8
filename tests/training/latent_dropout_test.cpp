#include "training/latent_dropout.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace toonmirror::training {
namespace {

class ThinOut : public ::testing::Test {
 protected:
  nets::HouseEncoding code(int64_t count) {
    nets::HouseEncoding result;
    result.w = at::ones({count, 4});
    result.deltas = at::ones({count, 14, 4});
    result.features = {{32, at::ones({count, 2, 32, 32})}, {64, at::ones({count, 2, 64, 64})}};
    return result;
  }
  std::mt19937_64 random_{9};
};

TEST_F(ThinOut, DropsTheSharesItIsTold) {
  constexpr int64_t kCount = 4000;
  const LatentDropout dropout = {.all_features = 0.6, .deltas = 0.5, .fine_features = 0.25};
  const ThinnedLatents thinned = thin_out(code(kCount), dropout, random_);
  const at::Tensor deltas_kept = (thinned.ws.select(1, 0).select(1, 0) > 1.5).to(at::kDouble);
  const at::Tensor coarse = (thinned.features.at(32).select(1, 0).mean({1, 2}) > 0).to(at::kDouble);
  const at::Tensor fine = (thinned.features.at(64).select(1, 0).mean({1, 2}) > 0).to(at::kDouble);
  EXPECT_NEAR(coarse.mean().item<double>(), 0.4, 0.03);
  EXPECT_NEAR(fine.mean().item<double>(), 0.4 * 0.75, 0.03);
  EXPECT_NEAR(deltas_kept.mean().item<double>(), 1.0 - 0.6 * 0.5, 0.03);
  EXPECT_EQ(((fine > 0).logical_and(coarse == 0)).sum().item<int64_t>(), 0);  // never fine without coarse
}

TEST_F(ThinOut, KeepsAllWhenToldSo) {
  const ThinnedLatents thinned =
      thin_out(code(50), {.all_features = 0, .deltas = 0, .fine_features = 0}, random_);
  EXPECT_EQ(thinned.ws.min().item<float>(), 2.0f);
  EXPECT_GT(thinned.features.at(64).min().item<float>(), 0.0f);
}

TEST_F(ThinOut, PartsABatchWhenToldSo) {
  constexpr int64_t kCount = 40;
  std::vector<Thinning> thinnings = draw_thinnings(kCount, {.all_features = 0.5}, random_);
  const int64_t w_only = w_only_first(thinnings);
  ASSERT_GT(w_only, 0);
  ASSERT_LT(w_only, kCount);
  const at::Tensor kept = thin_out(code(kCount), thinnings).features.at(32).sum({1, 2, 3});
  EXPECT_EQ(kept.narrow(0, 0, w_only).max().item<float>(), 0.0f);
  EXPECT_GT(kept.narrow(0, w_only, kCount - w_only).min().item<float>(), 0.0f);
}

}  // namespace
}  // namespace toonmirror::training
