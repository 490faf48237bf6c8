#include "training/pair_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class PairPackTest : public ::testing::Test {
 protected:
  PairPack pack(bool with_targets, int64_t target_px = 256) {
    testing::write_pair_pack(folder_ / "pairs.safetensors", 6, with_targets, target_px);
    return PairPack(folder_ / "pairs.safetensors");
  }
  testing::TemporaryFolder folder_;
};

// The mean position of the pixels above `threshold`, x and y.
std::pair<double, double> centre_of(const at::Tensor& plane, double threshold) {
  const at::Tensor found = (plane > threshold).nonzero().to(at::kDouble);
  return {found.select(1, 1).mean().item<double>(), found.select(1, 0).mean().item<double>()};
}

TEST_F(PairPackTest, KeepsHeldOutRowsApart) {
  const PairPack pairs = pack(false);
  EXPECT_EQ(pairs.training_rows(), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(pairs.held_out_rows(), (std::vector<int64_t>{5}));
}

TEST_F(PairPackTest, PicturesSpanMinusOneToOne) {
  const Batch batch = pack(true).batch({0, 2});
  EXPECT_EQ(batch.photo.sizes(), (std::vector<int64_t>{2, 3, 256, 256}));
  EXPECT_EQ(batch.photo.min().item<float>(), -1.0f);
  EXPECT_EQ(batch.photo.max().item<float>(), 1.0f);
  EXPECT_TRUE(at::allclose(batch.target, -batch.photo));
}

TEST_F(PairPackTest, GivesAllRowsInTheirOrderBatchByBatch) {
  const PairPack pairs = pack(true);
  const std::vector<int64_t> rows = {4, 0, 2, 5, 1};
  std::vector<at::Tensor> photos;
  std::vector<int64_t> sizes;
  pairs.for_each_batch(rows, 2, [&](const Batch& batch) {
    photos.push_back(batch.photo);
    sizes.push_back(batch.photo.size(0));
  });
  EXPECT_EQ(sizes, (std::vector<int64_t>{2, 2, 1}));
  EXPECT_TRUE(at::equal(at::cat(photos), pairs.batch(rows).photo));
  pairs.for_each_batch({}, 2, [](const Batch&) { FAIL() << "there is nothing to give"; });
}

TEST_F(PairPackTest, WithoutTargetsThePhotoIsTheTarget) {
  const Batch batch = pack(false).batch({1});
  EXPECT_TRUE(batch.target.is_same(batch.photo));
}

TEST_F(PairPackTest, VariationMovesPhotoTargetLabelsAndLandmarksAlike) {
  const PairPack pairs = pack(true);
  std::mt19937_64 random(3);
  Augmentation strong;
  strong.max_rotation_deg = 20;
  strong.max_shift = 0.1;
  strong.max_exposure = 0;
  const Batch batch = pairs.random_batch(8, strong, random);
  for (int64_t n = 0; n < 8; ++n) {
    const auto [x, y] = centre_of(batch.photo[n][0], 0.0);
    const auto [tx, ty] = centre_of(-batch.target[n][0], 0.0);
    const auto [lx, ly] = centre_of(batch.labels[n].to(at::kFloat), 2.0);
    EXPECT_NEAR(batch.landmarks[n][30][0].item<float>(), x, 0.3);
    EXPECT_NEAR(batch.landmarks[n][30][1].item<float>(), y, 0.3);
    EXPECT_NEAR(tx, x, 0.2);
    EXPECT_NEAR(ty, y, 0.2);
    EXPECT_NEAR(lx, x, 0.3);
    EXPECT_NEAR(ly, y, 0.3);
  }
}

TEST_F(PairPackTest, LargeTargetsMoveWithTheirPhotos) {
  const PairPack pairs = pack(true, 512);
  EXPECT_EQ(pairs.target_px(), 512);
  EXPECT_EQ(pairs.batch({0}).target.sizes(), (std::vector<int64_t>{1, 3, 512, 512}));
  std::mt19937_64 random(4);
  Augmentation strong;
  strong.max_rotation_deg = 20;
  strong.max_shift = 0.1;
  strong.max_exposure = 0;
  constexpr int64_t kCount = 16;
  const Batch batch = pairs.random_batch(kCount, strong, random);
  ASSERT_EQ(batch.target.sizes(), (std::vector<int64_t>{kCount, 3, 512, 512}));
  EXPECT_EQ(batch.photo.size(2), 256);
  // A centre is found in whole pixels' steps; the mean of many is not, and shows any half pixel.
  double mean_x = 0, mean_y = 0;
  for (int64_t n = 0; n < kCount; ++n) {
    const auto [x, y] = centre_of(batch.photo[n][0], 0.0);
    const auto [tx, ty] = centre_of(-batch.target[n][0], 0.0);
    EXPECT_NEAR(tx, 2 * x + 0.5, 1.0);
    EXPECT_NEAR(ty, 2 * y + 0.5, 1.0);
    mean_x += (tx - 2 * x - 0.5) / kCount;
    mean_y += (ty - 2 * y - 0.5) / kCount;
  }
  EXPECT_NEAR(mean_x, 0, 0.25);
  EXPECT_NEAR(mean_y, 0, 0.25);
}

TEST_F(PairPackTest, TheEyeOnTheLeftIsTheLeftOneWhetherMirroredOrNot) {
  at::Tensor landmarks = at::full({2, 68, 2}, 128.0f);
  landmarks.slice(1, 36, 42).select(2, 0).fill_(90.0f);
  landmarks.slice(1, 42, 48).select(2, 0).fill_(166.0f);
  const auto path = folder_ / "eyes.safetensors";
  checkpoint::write_safetensors(path,
                                {{"photos", at::zeros({2, 256, 256, 3}, at::kByte)},
                                 {"labels", at::zeros({2, 256, 256}, at::kByte)},
                                 {"landmarks", landmarks},
                                 {"held_out", at::zeros({2}, at::kByte)}},
                                {{"toonmirror.kind", kPairsKind}});
  std::mt19937_64 random(7);
  const at::Tensor drawn = PairPack(path).random_batch(32, {}, random).landmarks;
  const at::Tensor left = drawn.slice(1, 36, 42).select(2, 0), right = drawn.slice(1, 42, 48).select(2, 0);
  EXPECT_GT((right - left).min().item<float>(), 50.0f);
}

TEST_F(PairPackTest, DrawsTheSameForTheSameSeedAndNeverAHeldOutRow) {
  const PairPack pairs = pack(false);
  std::mt19937_64 a(5), b(5);
  EXPECT_TRUE(at::equal(pairs.random_batch(4, {}, a).photo, pairs.random_batch(4, {}, b).photo));
  Augmentation none;
  none.mirror = false;
  none.max_rotation_deg = none.max_zoom = none.max_shift = none.max_exposure = 0;
  const at::Tensor held_out = pairs.batch({5}).landmarks[0][30];
  const at::Tensor drawn = pairs.random_batch(64, none, a).landmarks.select(1, 30);
  EXPECT_GT((drawn - held_out).abs().sum(1).min().item<float>(), 0.5f);
}

TEST_F(PairPackTest, RefusesOtherFiles) {
  checkpoint::write_safetensors(folder_ / "x.safetensors", {{"photos", at::zeros({1})}},
                                {{"toonmirror.kind", "generator"}});
  EXPECT_THAT([&] { PairPack pairs(folder_ / "x.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("not a pack of training pairs")));
  checkpoint::write_safetensors(folder_ / "y.safetensors",
                                {{"photos", at::zeros({2, 8, 8, 3}, at::kByte)},
                                 {"labels", at::zeros({2, 8, 8}, at::kByte)},
                                 {"landmarks", at::zeros({2, 68, 2})},
                                 {"held_out", at::zeros({2}, at::kByte)}},
                                {{"toonmirror.kind", "pairs"}});
  EXPECT_THAT([&] { PairPack pairs(folder_ / "y.safetensors"); }, ThrowsMessage<Error>(HasSubstr("256 px")));
}

}  // namespace
}  // namespace toonmirror::training
