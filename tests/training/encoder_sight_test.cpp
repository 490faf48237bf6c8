#include "training/encoder_sight.h"

#include <gtest/gtest.h>

namespace toonmirror::training {
namespace {

class Sight : public ::testing::Test {
 protected:
  Sight() {
    torch::manual_seed(1);
    encoder_ = nets::HouseEncoder(options());
    photos_ = (at::rand({1, 3, 256, 256}) * 2 - 1).contiguous(at::MemoryFormat::ChannelsLast);
  }
  static nets::HouseEncoderOptions options() {
    nets::HouseEncoderOptions result;
    result.w_dim = 8;
    result.channels = {4, 4, 4, 4, 4};
    result.likeness_channels = {{32, 2}};
    result.parsing_channels = 8;
    return result;
  }
  // Changes all of the encoder.
  void train() {
    const at::NoGradGuard no_grad;
    for (at::Tensor& parameter : encoder_->parameters()) parameter.add_(0.3);
  }

  nets::HouseEncoder encoder_{nullptr};
  at::Tensor photos_;
};

TEST_F(Sight, SeesWhatTheEncoderLearnsUnlessItIsKept) {
  const EncoderSight none(encoder_, KeptLayers::kNone, at::kFloat),
      all(encoder_, KeptLayers::kAll, at::kFloat), stages(encoder_, KeptLayers::kStages, at::kFloat);
  const nets::HouseEncoding before = all.encode(encoder_, photos_, false);
  train();
  const nets::HouseEncoding learned = none.encode(encoder_, photos_, false),
                            kept = all.encode(encoder_, photos_, false),
                            heads = stages.encode(encoder_, photos_, false);
  EXPECT_TRUE(at::equal(kept.w, before.w));
  EXPECT_FALSE(kept.w.requires_grad());
  EXPECT_TRUE(learned.w.requires_grad());
  EXPECT_FALSE(at::allclose(learned.w, before.w));
  EXPECT_TRUE(heads.w.requires_grad());
  EXPECT_FALSE(at::allclose(heads.w, before.w));
  EXPECT_TRUE(at::allclose(heads.features.at(32), before.features.at(32)));
  EXPECT_FALSE(heads.features.at(32).requires_grad());
}

TEST_F(Sight, TellsClassesOfPicturesOfAnySize) {
  const EncoderSight sight(encoder_, KeptLayers::kNone, at::kFloat);
  const at::Tensor drawn = at::rand({2, 3, 128, 128}).requires_grad_();
  const at::Tensor classes = sight.classes(encoder_, drawn);
  EXPECT_EQ(classes.sizes(), (std::vector<int64_t>{2, nets::kFaceClassCount, 128, 128}));
  EXPECT_TRUE(at::equal(classes.sum(1), at::ones({2, 128, 128})));
  EXPECT_FALSE(classes.requires_grad());
}

TEST_F(Sight, GradientsPassThroughAFrozenCopy) {
  nets::HouseEncoder copy = frozen_copy(encoder_);
  const at::Tensor picture = photos_.clone().requires_grad_();
  copy->stages(picture).back().sum().backward();
  EXPECT_GT(picture.grad().abs().sum().item<double>(), 0);
  for (const at::Tensor& parameter : copy->parameters()) EXPECT_FALSE(parameter.requires_grad());
}

}  // namespace
}  // namespace toonmirror::training
