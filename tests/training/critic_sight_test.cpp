#include "training/critic_sight.h"

#include <gtest/gtest.h>

#include "training/encoder_sight.h"

namespace toonmirror::training {
namespace {

TEST(Blurred, SmoothsAndKeepsTheMean) {
  torch::manual_seed(1);
  const at::Tensor noise = at::randn({1, 3, 64, 64});
  double before = noise.var().item<double>();
  for (const double sigma : {0.3, 1.0, 2.0}) {
    const at::Tensor smooth = blurred(noise, sigma);
    EXPECT_EQ(smooth.sizes(), noise.sizes());
    EXPECT_NEAR(smooth.mean().item<double>(), noise.mean().item<double>(), 0.01);
    EXPECT_LT(smooth.var().item<double>(), before);
    before = smooth.var().item<double>();
  }
  const at::Tensor plain = at::full({1, 3, 32, 32}, 0.3f);
  EXPECT_TRUE(at::allclose(blurred(plain, 2.0), plain, 1e-5, 1e-6));
}

TEST(Blurred, FadesToNothing) {
  const at::Tensor picture = at::rand({1, 3, 32, 32});
  EXPECT_TRUE(blurred(picture, 0.05).is_same(picture));
  PictureLossWeights weights;
  weights.adversarial_from = 0.2;
  EXPECT_EQ(blurred_sight_px(weights, 0.2), 0);
  weights.adversarial_blur = 0.4;
  EXPECT_DOUBLE_EQ(blurred_sight_px(weights, 0.2), 2.0);
  EXPECT_DOUBLE_EQ(blurred_sight_px(weights, 0.4), 1.0);
  EXPECT_NEAR(blurred_sight_px(weights, 0.6), 0, 1e-12);
  EXPECT_EQ(blurred_sight_px(weights, 0.9), 0);
}

class FaceSight : public ::testing::Test {
 protected:
  FaceSight() {
    torch::manual_seed(2);
    nets::HouseEncoderOptions options;
    options.w_dim = 8;
    options.channels = {4, 5, 6, 7, 8};
    encoder_ = frozen_copy(nets::HouseEncoder(options));
  }
  nets::HouseEncoder encoder_{nullptr};
  std::mt19937_64 random_{3};
  at::Tensor labels_ = at::ones({2, 256, 256}, at::kLong);
};

TEST_F(FaceSight, LooksThroughTheEncodersStages) {
  const CriticSight sight(PictureLoss("", at::kFloat, {}), encoder_, at::kFloat);
  const at::Tensor drawn = at::rand({2, 3, 128, 128}).requires_grad_();
  const PictureViews views = sight.look(drawn, at::rand({2, 3, 128, 128}), labels_, 0, random_);
  const std::vector<CriticSlice> slices = sight.slices();
  ASSERT_EQ(slices.size(), 4U);
  for (const CriticSlice& slice : slices) {
    EXPECT_EQ(views.drawn.features.at(slice.index).size(1), slice.channels);
    EXPECT_EQ(views.wanted.features.at(slice.index).size(1), slice.channels);
  }
  EXPECT_FALSE(views.wanted.features[0].requires_grad());
  Critics critics(slices);
  const std::vector<at::Tensor> verdicts = critics->forward(views.drawn);
  ASSERT_EQ(verdicts.size(), 5U);
  verdicts[0].sum().backward();
  EXPECT_GT(drawn.grad().abs().sum().item<double>(), 0);
}

TEST_F(FaceSight, TreatsDrawingsAndPicturesAlike) {
  const CriticSight sight(PictureLoss("", at::kFloat, {}), encoder_, at::kFloat);
  const at::Tensor picture = at::rand({2, 3, 128, 128});
  const PictureViews views = sight.look(picture.clone().requires_grad_(), picture, labels_, 1.5, random_);
  EXPECT_TRUE(at::equal(views.drawn.picture, views.wanted.picture));
  for (size_t i = 0; i < views.drawn.features.size(); ++i) {
    EXPECT_TRUE(at::allclose(views.drawn.features[i], views.wanted.features[i], 1e-5, 1e-5)) << i;
  }
}

TEST_F(FaceSight, AddsToWhatTheLossSaw) {
  const CriticSight sight(PictureLoss("", at::kFloat, {}), encoder_, at::kFloat);
  PictureViews views;
  views.drawn = {at::rand({2, 3, 128, 128}), {}, class_shares(labels_)};
  views.wanted = views.drawn;
  sight.complete(views);
  EXPECT_EQ(views.drawn.features.size(), 4U);
  EXPECT_EQ(views.wanted.features.size(), 4U);
}

}  // namespace
}  // namespace toonmirror::training
