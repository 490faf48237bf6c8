#include "training/seed_player.h"

#include <gtest/gtest.h>

namespace toonmirror::training {
namespace {

class Seeds : public ::testing::Test {
 protected:
  Seeds() {
    torch::manual_seed(1);
    nets::GeneratorOptions options;
    options.resolution = 16;
    options.z_dim = options.w_dim = 8;
    options.mapping_lr_multiplier = 1;
    for (int64_t r = 4; r <= options.resolution; r *= 2) options.channels[r] = 2;
    generator_ = nets::Generator(options);
    context_.random = &random_;
  }
  // How many seeds there are beside so many photos.
  int64_t seeds_beside(int64_t photos, double share) {
    return SeedPlayer({.share = share}, 1).draw(generator_, photos, context_).size(0);
  }

  nets::Generator generator_{nullptr};
  std::mt19937_64 random_{2};
  StepContext context_;
};

TEST_F(Seeds, MixTwoForAboutHalfOfThem) {
  constexpr int64_t kCount = 400;
  const at::Tensor ws = seed_latents(generator_, kCount, random_);
  const int64_t rows = generator_->options().latent_count();
  ASSERT_EQ(ws.sizes(), (std::vector<int64_t>{kCount, rows, 8}));
  // Between neighbouring rows of a seed, whether the latent changes.
  const at::Tensor changes =
      (ws.narrow(1, 1, rows - 1) - ws.narrow(1, 0, rows - 1)).abs().sum(2).gt(1e-4).sum(1);
  EXPECT_LE(changes.max().item<int64_t>(), 1);
  EXPECT_NEAR(changes.to(at::kDouble).mean().item<double>(), 0.5, 0.1);
}

TEST_F(Seeds, DependOnTheirRandomNumbersAlone) {
  std::mt19937_64 a(3), b(3);
  EXPECT_TRUE(at::equal(seed_latents(generator_, 3, a), seed_latents(generator_, 3, b)));
  EXPECT_FALSE(at::equal(seed_latents(generator_, 3, a), seed_latents(generator_, 3, random_)));
}

TEST_F(Seeds, AreAtLeastOneABatch) {
  EXPECT_FALSE(SeedPlayer({}, 1).plays());
  EXPECT_EQ(seeds_beside(2, 0.1), 1);
  EXPECT_EQ(seeds_beside(8, 0.5), 4);
}

TEST_F(Seeds, TeachTheMappingOnceThereArePhotosToCompareWith) {
  SeedPlayer frozen({.share = 1}, 1);
  EXPECT_FALSE(frozen.draw(generator_, 2, context_).requires_grad());

  SeedPlayer player({.share = 1, .learn_mapping = true, .memory = 4}, 1);
  Loss loss = {at::zeros({}), {}};
  player.remember(at::randn({2, 8}), context_);
  EXPECT_FALSE(player.draw(generator_, 2, context_).requires_grad());
  player.add_moments(loss, generator_, context_);
  EXPECT_FALSE(loss.total.requires_grad());
  player.remember(at::randn({2, 8}), context_);
  EXPECT_TRUE(player.draw(generator_, 2, context_).requires_grad());
  player.add_moments(loss, generator_, context_);
  loss.total.backward();
  EXPECT_GT(generator_->mapping->layer(1)->weight.grad().abs().sum().item<double>(), 0);
  EXPECT_TRUE(loss.figures.contains("seeds' mean"));
}

}  // namespace
}  // namespace toonmirror::training
