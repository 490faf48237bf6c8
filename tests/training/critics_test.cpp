#include "training/critics.h"

#include <gtest/gtest.h>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSize_px = 64;

CriticView view_of(const at::Tensor& picture) {
  return {picture, {}, at::zeros({picture.size(0), nets::kFaceClassCount, 16, 16})};
}

at::Tensor flat() { return at::rand({4, 3, 1, 1}).expand({4, 3, kSize_px, kSize_px}).contiguous() - 0.5; }
at::Tensor noisy() { return flat() + 0.5 * at::randn({4, 3, kSize_px, kSize_px}); }

StepContext context_at(double progress) {
  StepContext context;
  context.progress = progress;
  return context;
}

// The gradient at `output` of a loss whose own is all ones.
at::Tensor gradient_with(Adversary& adversary, double progress) {
  const at::Tensor output = noisy().requires_grad_(), picture = output.detach().requires_grad_();
  Loss loss = {picture.sum(), {}};
  adversary.judged(loss, picture, output, view_of(picture), view_of(flat()), context_at(progress))
      .total.backward();
  return output.grad();
}

TEST(Adversary, RestsUntilItsTimeHasCome) {
  torch::manual_seed(1);
  Adversary adversary(1, {.weight = 0.5, .from = 0.5});
  EXPECT_TRUE(at::allclose(gradient_with(adversary, 0.4), at::ones({4, 3, kSize_px, kSize_px})));
  EXPECT_FALSE(adversary.critic_loss(context_at(0.4)).total.defined());
}

TEST(Adversary, PullsWithAShareOfTheOtherLossesWhateverItsVerdictsSize) {
  torch::manual_seed(2);
  Adversary adversary(1, {.weight = 0.5, .from = 0});
  at::Tensor gradient;
  for (int i = 0; i < 201; ++i) gradient = gradient_with(adversary, 0.0);
  const at::Tensor others = at::ones_like(gradient);
  EXPECT_NEAR((gradient - others).norm().item<double>() / others.norm().item<double>(), 0.5, 1e-3);
}

TEST(Adversary, PullsASeedAsStronglyAsADrawing) {
  torch::manual_seed(5);
  constexpr double kWeight = 0.5;
  Adversary adversary(1, {.weight = kWeight, .from = 0});
  for (int i = 0; i < 200; ++i) gradient_with(adversary, 0.0);
  const at::Tensor output = noisy().requires_grad_(), picture = output.detach().requires_grad_();
  SeedDrawings seeds;
  seeds.output = noisy().narrow(0, 0, 2).clone().requires_grad_();
  seeds.picture = seeds.output.detach().requires_grad_();
  seeds.view = view_of(seeds.picture);
  const Loss loss = adversary.judged({picture.sum(), {}}, picture, output, view_of(picture), view_of(flat()),
                                     context_at(0.0), seeds);
  loss.total.backward();
  const at::Tensor others = at::ones_like(output);
  const auto mean_square = [](const at::Tensor& gradient) {
    return gradient.square().sum({1, 2, 3}).mean().item<double>();
  };
  EXPECT_NEAR(mean_square(output.grad() - others), kWeight * kWeight * mean_square(others),
              1e-2 * mean_square(others));
  EXPECT_NEAR(mean_square(seeds.output.grad()), mean_square(output.grad() - others),
              1e-2 * mean_square(others));
  EXPECT_TRUE(loss.figures.contains("unconvinced by seeds"));
  EXPECT_TRUE(adversary.critic_loss(context_at(0.0)).total.defined());
}

TEST(Adversary, LearnsToTellDrawingsFromPictures) {
  torch::manual_seed(3);
  Adversary adversary(1, {.weight = 1, .from = 0});
  const Modules modules = adversary.modules().front();
  torch::optim::Adam adam(modules.front()->parameters(), torch::optim::AdamOptions(0.01));
  double first = 0, last = 0;
  for (int i = 0; i < 60; ++i) {
    gradient_with(adversary, 0.0);
    const Loss loss = adversary.critic_loss(context_at(0.0));
    last = loss.figures.at("critic");
    if (i == 0) first = last;
    adam.zero_grad();
    loss.total.backward();
    adam.step();
  }
  EXPECT_LT(last, 0.5 * first);
  // Their pull, which is what is left beside the loss's own, makes drawings less noisy.
  const at::Tensor output = noisy().requires_grad_(), picture = output.detach().requires_grad_();
  adversary.judged({picture.sum(), {}}, picture, output, view_of(picture), view_of(flat()), context_at(0.0))
      .total.backward();
  const at::Tensor pull = output.grad() - 1.0;
  const at::Tensor noise = output.detach() - output.detach().mean({2, 3}, /*keepdim=*/true);
  EXPECT_GT((pull * noise).sum().item<double>(), 0);
}

TEST(Critics, LookAtFeaturesAndAtWhatIsWhere) {
  torch::manual_seed(4);
  const at::NoGradGuard no_grad;
  Critics critics(perceptual_slices());
  CriticView view = view_of(noisy());
  const std::vector<std::pair<int64_t, int64_t>> slices = {{64, 31}, {128, 15}, {256, 7}, {384, 7}, {384, 7}};
  for (const auto& [channels, size] : slices) {
    view.features.push_back(at::rand({4, channels, size, size}).contiguous(at::MemoryFormat::ChannelsLast));
  }
  const std::vector<at::Tensor> before = critics->forward(view);
  ASSERT_EQ(before.size(), 5U);
  for (const at::Tensor& verdict : before) {
    EXPECT_EQ(verdict.size(0), 4);
    EXPECT_EQ(verdict.size(1), 1);
  }
  // Features count by their direction, not by their size.
  CriticView louder = view;
  for (at::Tensor& feature : louder.features) feature = feature * 30.0;
  EXPECT_TRUE(at::allclose(critics->forward(louder)[0], before[0], 1e-2, 1e-3));
  view.classes = class_shares(at::ones({4, 16, 16}, at::kLong));
  const std::vector<at::Tensor> after = critics->forward(view);
  for (size_t i = 0; i < 4; ++i) EXPECT_FALSE(at::allclose(after[i], before[i], 1e-3, 1e-3)) << i;
}

TEST(CriticView, IsJoinedAtTheCoarserClasses) {
  CriticView a = view_of(flat()), b = view_of(flat().narrow(0, 0, 1));
  a.features = {at::zeros({4, 2, 8, 8})};
  b.features = {at::ones({1, 2, 8, 8})};
  b.classes = at::ones({1, nets::kFaceClassCount, 8, 8});
  const CriticView both = joined(a, b);
  EXPECT_TRUE(at::equal(both.picture, at::cat({a.picture, b.picture})));
  EXPECT_TRUE(at::equal(both.features.at(0).select(0, 4), b.features[0][0]));
  EXPECT_EQ(both.classes.sizes(), (std::vector<int64_t>{5, nets::kFaceClassCount, 8, 8}));
  EXPECT_EQ(both.classes[4].min().item<float>(), 1.0f);
}

TEST(ClassShares, AreOneWhereTheClassIs) {
  at::Tensor labels = at::zeros({1, 4, 4}, at::kLong);
  labels[0][1][2] = 8;
  const at::Tensor shares = class_shares(labels);
  EXPECT_EQ(shares.sizes(), (std::vector<int64_t>{1, 11, 4, 4}));
  EXPECT_EQ(shares[0][8][1][2].item<float>(), 1.0f);
  EXPECT_EQ(shares.sum().item<float>(), 16.0f);
}

}  // namespace
}  // namespace toonmirror::training
