#include "training/parted_loss.h"

#include <gtest/gtest.h>

namespace toonmirror::training {
namespace {

Batch batch_of(const at::Tensor& target) {
  Batch batch;
  batch.target = batch.photo = batch.input = target;
  batch.labels = batch.target_labels = at::ones({target.size(0), 256, 256}, at::kLong);
  batch.landmarks = at::full({target.size(0), 68, 2}, 128.0f);
  return batch;
}

// Without networks: pixels, edges, and a critic on pixels.
class Parted : public ::testing::Test {
 protected:
  Parted() {
    torch::manual_seed(1);
    weights_.adversarial = 0;
    weights_.adversarial_from = 0;
    context_.random = &random_;
  }
  PartedLoss loss() const { return PartedLoss("", at::kFloat, weights_, w_only_, nullptr, 1); }
  // The gradient at the drawings, the first of which are of W+ alone.
  at::Tensor gradient(PartedLoss judge, const at::Tensor& drawings, int64_t w_only,
                      const SeedPictures& seeds = {}) {
    const at::Tensor output = drawings.clone().requires_grad_();
    figures_ = judge(output, batch_, w_only, seeds, context_);
    figures_.total.backward();
    return output.grad();
  }

  PictureLossWeights weights_;
  WOnlyOptions w_only_{.l1_px = 32};
  Batch batch_ = batch_of(at::rand({4, 3, 256, 256}) - 0.5);
  at::Tensor drawings_ = at::rand({4, 3, 128, 128}) - 0.5;
  std::mt19937_64 random_{2};
  StepContext context_;
  Loss figures_;
};

TEST_F(Parted, ComparesDrawingsOfWAloneInTheirAverages) {
  PartedLoss judge = loss();
  at::Tensor stripes = at::full({4, 3, 128, 128}, -0.5f);
  stripes.slice(3, 0, 128, 2).fill_(0.5f);
  const at::Tensor output = at_size(batch_.target, 128) + stripes;
  EXPECT_NEAR(judge(output, batch_, 4, {}, context_).total.item<double>(), 0, 1e-5);
  EXPECT_GT(judge(output, batch_, 0, {}, context_).total.item<double>(), 0.5);
}

TEST_F(Parted, WeighsPartsByTheirShare) {
  PartedLoss judge = loss();
  const auto total = [&](int64_t first, int64_t count, int64_t w_only) {
    return judge(drawings_.narrow(0, first, count), part_of(batch_, first, count), w_only, {}, context_)
        .total.item<double>();
  };
  EXPECT_NEAR(total(0, 4, 1), 0.25 * total(0, 1, 1) + 0.75 * total(1, 3, 0), 1e-5);
  const Loss both = judge(drawings_, batch_, 1, {}, context_);
  for (const char* figure : {"l1", "edges", "w-only l1"})
    EXPECT_TRUE(both.figures.contains(figure)) << figure;
  EXPECT_FALSE(judge(drawings_, batch_, 4, {}, context_).figures.contains("l1"));
}

TEST_F(Parted, ComparesAllAlikeWhenToldSo) {
  w_only_.l1_px = 0;
  PartedLoss judge = loss();
  EXPECT_FALSE(judge.parts());
  const Loss all = judge(drawings_, batch_, 1, {}, context_);
  EXPECT_DOUBLE_EQ(all.total.item<double>(), judge(drawings_, batch_, 0, {}, context_).total.item<double>());
  EXPECT_FALSE(all.figures.contains("w-only l1"));
}

TEST_F(Parted, CriticsPlayFrom128PixelsOn) {
  weights_.adversarial = 0.5;
  for (const double blur : {0.0, 0.5}) {
    weights_.adversarial_blur = blur;
    for (const int64_t size_px : {64, 128, 256}) {
      PartedLoss judge = loss();
      const at::Tensor output = at_size(batch_.target, size_px).clone().requires_grad_();
      const Loss result = judge(output, batch_, 2, {}, context_);
      EXPECT_EQ(result.figures.contains("unconvinced"), size_px >= 128) << size_px;
      EXPECT_EQ(judge.critic_loss(context_).total.defined(), size_px >= 128) << size_px;
      EXPECT_EQ(judge.critics_play(size_px, 2, 0.0), size_px >= 128);
    }
  }
  EXPECT_FALSE(loss().critics_play(128, 0, 0.0));  // nothing that they judge
}

TEST_F(Parted, CriticsJudgeDrawingsOfWAlone) {
  const at::Tensor before = gradient(loss(), drawings_, 2);
  weights_.adversarial = 1;
  const at::Tensor after = gradient(loss(), drawings_, 2);
  EXPECT_TRUE(at::equal(after.narrow(0, 2, 2), before.narrow(0, 2, 2)));
  EXPECT_FALSE(at::equal(after.narrow(0, 0, 2), before.narrow(0, 0, 2)));
}

TEST_F(Parted, CriticsPullSeeds) {
  weights_.adversarial = 1;
  SeedPictures seeds;
  seeds.output = (at::rand({2, 3, 128, 128}) - 0.5).requires_grad_();
  seeds.classes = at::ones({2, 11, 128, 128}) / 11.0;
  seeds.photo_classes = at::ones({4, 11, 128, 128}) / 11.0;
  gradient(loss(), drawings_, 3, seeds);
  EXPECT_GT(seeds.output.grad().abs().sum().item<double>(), 0);
  EXPECT_TRUE(figures_.figures.contains("unconvinced by seeds"));
}

}  // namespace
}  // namespace toonmirror::training
