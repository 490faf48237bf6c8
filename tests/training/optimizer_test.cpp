#include "training/optimizer.h"

#include <gtest/gtest.h>

#include <limits>

namespace toonmirror::training {
namespace {

AdamOptions plain() {
  AdamOptions options;
  options.learning_rate = 0.01;
  options.clip_norm = 1e9;
  options.warmup_steps = 1;
  options.decay_share = 0;
  return options;
}

TEST(Adam, TakesTheStepsOfLibTorchsAdam) {
  torch::manual_seed(1);
  at::Tensor values = at::randn({20});
  torch::Tensor parameter = values.clone().requires_grad_();
  Adam adam(plain(), values);
  torch::optim::Adam reference({parameter}, torch::optim::AdamOptions(0.01).betas({0.9, 0.99}).eps(1e-8));
  for (int i = 0; i < 10; ++i) {
    at::Tensor gradient = at::randn({20});
    parameter.mutable_grad() = gradient.clone();
    reference.step();
    adam.step(values, gradient, 0.0);
  }
  EXPECT_TRUE(at::allclose(values, parameter.detach(), 1e-4, 1e-6));
}

TEST(Adam, SkipsAGradientThatIsNotFinite) {
  at::Tensor values = at::ones({3});
  Adam adam(plain(), values);
  at::Tensor gradient = at::full({3}, std::numeric_limits<float>::quiet_NaN());
  adam.step(values, gradient, 0.0);
  EXPECT_TRUE(at::equal(values, at::ones({3})));
  EXPECT_EQ(adam.skipped_steps(), 1);
}

TEST(Adam, AverageFollowsTheWeights) {
  at::Tensor values = at::zeros({2});
  Adam adam(plain(), values);
  for (int i = 0; i < 50; ++i) {
    at::Tensor gradient = -at::ones({2});
    adam.step(values, gradient, 0.0);
  }
  EXPECT_GT(adam.average()[0].item<float>(), 0.0f);
  EXPECT_LT(adam.average()[0].item<float>(), values[0].item<float>());
}

TEST(Adam, GoesOnAfterRestoringItsState) {
  torch::manual_seed(2);
  at::Tensor a = at::randn({5}), b = a.clone();
  Adam one(plain(), a), other(plain(), b);
  const at::Tensor gradient = at::randn({5});
  at::Tensor g = gradient.clone();
  one.step(a, g, 0.0);
  b.copy_(a);
  other.restore(one.state());
  at::Tensor g1 = gradient.clone(), g2 = gradient.clone();
  one.step(a, g1, 0.0);
  other.step(b, g2, 0.0);
  EXPECT_TRUE(at::equal(a, b));
  EXPECT_TRUE(at::equal(one.average(), other.average()));
}

TEST(FlatParameters, AllSharersSeeOneSetOfWeightsAndKeepTheirGradientsApart) {
  torch::nn::Linear first(3, 2), second(3, 2);
  FlatParameters parameters({first.get()});
  const at::Tensor g1 = parameters.share_with({first.get()});
  const at::Tensor g2 = parameters.share_with({second.get()});
  EXPECT_TRUE(at::equal(first->weight, second->weight));
  {
    const at::NoGradGuard no_grad;
    parameters.values().add_(1.0);
  }
  EXPECT_TRUE(at::equal(first->weight, second->weight));
  first->forward(at::ones({1, 3})).sum().backward();
  EXPECT_EQ(g1.sum().item<float>(), 8.0f);  // 6 weights and 2 biases, each 1
  EXPECT_EQ(g2.abs().sum().item<float>(), 0.0f);
}

}  // namespace
}  // namespace toonmirror::training
