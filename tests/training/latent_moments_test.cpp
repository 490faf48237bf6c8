#include "training/latent_moments.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace toonmirror::training {
namespace {

constexpr int64_t kWidth = 16;

// Gaussian, with axes of unlike spread.
at::Tensor latents(int64_t count) {
  return at::randn({count, kWidth}) * at::linspace(0.2, 2.0, kWidth) + 3.0;
}

TEST(LatentMemory, KeepsTheNewest) {
  LatentMemory memory(3);
  EXPECT_FALSE(memory.latents().defined());
  memory.add(at::full({2, kWidth}, 1.0f));
  EXPECT_FALSE(memory.full());
  memory.add(at::full({2, kWidth}, 2.0f).requires_grad_());
  EXPECT_TRUE(memory.full());
  EXPECT_FALSE(memory.latents().requires_grad());
  EXPECT_TRUE(at::equal(memory.latents().select(1, 0), at::tensor({1.0f, 2.0f, 2.0f})));
}

TEST(MomentDistance, IsZeroBetweenSamplesOfOneDistribution) {
  torch::manual_seed(1);
  const MomentDistance many = moment_distance(latents(2000), latents(2000));
  EXPECT_NEAR(many.mean.item<double>(), 0, 0.01);
  EXPECT_NEAR(many.second.item<double>(), 0, 0.03);
  // Few latents are not taken for a wider distribution.
  const at::Tensor wanted = latents(500);
  double second = 0;
  constexpr int kRepetitions = 300;
  for (int i = 0; i < kRepetitions; ++i) second += moment_distance(latents(8), wanted).second.item<double>();
  EXPECT_NEAR(second / kRepetitions, 0, 0.1);
}

TEST(MomentDistance, IsMeasuredInWhatTheWantedHave) {
  torch::manual_seed(2);
  const at::Tensor wanted = latents(2000), centre = wanted.mean(0);
  const at::Tensor moved = latents(2000) + (wanted - centre).square().mean(0).sqrt();
  EXPECT_NEAR(moment_distance(moved, wanted).mean.item<double>(), 1.0, 0.1);
  const at::Tensor narrow = centre + 0.5 * (latents(2000) - centre);
  EXPECT_NEAR(moment_distance(narrow, wanted).second.item<double>(), 0.75 * 0.75, 0.06);
  // Neither depends on the unit.
  EXPECT_NEAR(moment_distance(10.0 * narrow, 10.0 * wanted).second.item<double>(), 0.75 * 0.75, 0.06);
}

TEST(MomentDistance, LeadsToTheWantedMoments) {
  torch::manual_seed(3);
  const at::Tensor wanted = latents(300), z = at::randn({300, kWidth});
  const at::Tensor spread = at::ones({kWidth}).requires_grad_(),
                   centre = at::zeros({kWidth}).requires_grad_();
  torch::optim::Adam adam({spread, centre}, torch::optim::AdamOptions(0.05));
  double first = 0, last = 0;
  for (int i = 0; i < 200; ++i) {
    const MomentDistance apart = moment_distance(z * spread + centre, wanted);
    const at::Tensor total = apart.mean + apart.second;
    last = total.item<double>();
    if (i == 0) first = last;
    adam.zero_grad();
    total.backward();
    adam.step();
  }
  EXPECT_LT(last, 0.05 * first);
}

}  // namespace
}  // namespace toonmirror::training
