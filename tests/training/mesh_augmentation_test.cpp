#include "training/mesh_augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/face_mesh.h"
#include "support/temporary_folder.h"
#include "training/mesh_mirror.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSide_px = 160;

MeshVariety without_harm() {
  MeshVariety variety;
  variety.cut_off = variety.covered = variety.glasses = variety.turned = 0;
  variety.photometric = false;
  return variety;
}

class MeshAugmentation : public ::testing::Test {
 protected:
  const MeshPack& pack(int64_t dot) {
    testing::write_mesh_pack(folder_ / "m.safetensors", 6, dot);
    pack_.emplace(folder_ / "m.safetensors");
    return *pack_;
  }
  MeshSamples samples(int64_t dot = nets::kBelowNose) {
    return MeshSamples(pack(dot), testing::synthetic_mesh(), kSide_px);
  }
  testing::TemporaryFolder folder_;
  std::optional<MeshPack> pack_;
};

// Middle of the bright pixels within 12 px of a place (units of the crop); NaN where there are none.
std::pair<double, double> dot_near(const at::Tensor& picture, const at::Tensor& point) {
  const double x = (point[0].item<double>() + 1) * kSide_px / 2 - 0.5;
  const double y = (point[1].item<double>() + 1) * kSide_px / 2 - 0.5;
  double sum_x = 0, sum_y = 0, count = 0;
  for (int64_t v = std::max<int64_t>(std::lround(y) - 12, 0);
       v < std::min<int64_t>(std::lround(y) + 13, kSide_px); ++v) {
    for (int64_t u = std::max<int64_t>(std::lround(x) - 12, 0);
         u < std::min<int64_t>(std::lround(x) + 13, kSide_px); ++u) {
      if (picture[0][v][u].item<float>() < 0) continue;
      sum_x += static_cast<double>(u);
      sum_y += static_cast<double>(v);
      count += 1;
    }
  }
  return {sum_x / count - x, sum_y / count - y};
}

TEST_F(MeshAugmentation, PointsMoveWithTheirPixels) {
  const MeshSamples drawn = samples();
  std::mt19937_64 random(2);
  const MeshBatch batch = drawn.faces({0, 1, 2, 3, 4, 0, 1, 2}, without_harm(), random);
  EXPECT_EQ(batch.pictures.sizes(), (std::vector<int64_t>{8, 3, kSide_px, kSide_px}));
  for (int64_t n = 0; n < 8; ++n) {
    const auto [dx, dy] = dot_near(batch.pictures[n], batch.points[n][nets::kBelowNose]);
    EXPECT_NEAR(dx, 0, 0.8) << n;
    EXPECT_NEAR(dy, 0, 0.8) << n;
  }
}

TEST_F(MeshAugmentation, PointsMoveWithTheirPixelsWhenAHeadIsTurned) {
  const MeshSamples drawn = samples();
  MeshVariety variety = without_harm();
  variety.turned = 1;
  std::mt19937_64 random(3);
  const MeshBatch batch = drawn.faces({0, 1, 2, 3, 4, 0, 1, 2}, variety, random);
  for (int64_t n = 0; n < 8; ++n) {
    if (batch.visible[n][nets::kBelowNose].item<float>() == 0) continue;
    const auto [dx, dy] = dot_near(batch.pictures[n], batch.points[n][nets::kBelowNose]);
    EXPECT_NEAR(dx, 0, 1.2) << n;
    EXPECT_NEAR(dy, 0, 1.2) << n;
  }
}

TEST_F(MeshAugmentation, TheEyeOnTheLeftIsTheLeftOneWhetherMirroredOrNot) {
  const MeshSamples drawn = samples(nets::kLeftEyeCorner);
  std::mt19937_64 random(4);
  MeshVariety variety = without_harm();
  variety.lying = 0;
  std::set<int64_t> met;
  const MeshBatch batch = drawn.faces({0, 1, 2, 3, 4, 0, 1, 2, 3, 4}, variety, random);
  for (int64_t n = 0; n < 10; ++n) {
    const at::Tensor left = batch.points[n][nets::kLeftEyeCorner],
                     right = batch.points[n][nets::kRightEyeCorner];
    EXPECT_LT(left[0].item<float>(), right[0].item<float>());
    for (const int64_t corner : {nets::kLeftEyeCorner, nets::kRightEyeCorner}) {
      const auto [dx, dy] = dot_near(batch.pictures[n], batch.points[n][corner]);
      if (std::abs(dx) < 0.8 && std::abs(dy) < 0.8) met.insert(corner);
    }
  }
  EXPECT_EQ(met.size(), 2U);
}

TEST_F(MeshAugmentation, CoveredPointsAreNotToBeSeenAndKeepTheirPlaces) {
  const MeshSamples drawn = samples();
  MeshVariety variety = without_harm(), covered = without_harm();
  covered.covered = 1;
  std::mt19937_64 random(5), again(5);
  const MeshBatch plain = drawn.faces({0}, variety, random), other = drawn.faces({0}, covered, again);
  EXPECT_TRUE(at::equal(plain.points, other.points));
  double hidden = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::mt19937_64 next(seed);
    const MeshBatch batch = drawn.faces({1}, covered, next);
    hidden = std::max(hidden, (1 - batch.visible).sum().item<double>());
    EXPECT_GT(batch.visible.mean().item<double>(), 0.2);
  }
  EXPECT_GT(hidden, 5);
}

TEST_F(MeshAugmentation, DarkGlassesHideEyes) {
  const MeshSamples drawn = samples();
  MeshVariety variety = without_harm();
  variety.glasses = 1;
  int64_t hidden = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    const MeshBatch batch = drawn.faces({0}, variety, random);
    if (batch.visible[0][nets::kLeftIris].item<float>() == 0) ++hidden;
    EXPECT_EQ(batch.visible[0][nets::kInnerLips[4]].item<float>(), 1.0F);
  }
  EXPECT_GT(hidden, 0);
  EXPECT_LT(hidden, 12);
}

TEST_F(MeshAugmentation, PointsBeyondThePictureAreNotToBeSeen) {
  const MeshSamples drawn = samples();
  MeshVariety variety = without_harm();
  variety.cut_off = 1;
  variety.min_scale = variety.max_scale = 1;
  variety.max_shift = 0;
  double least = 1;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::mt19937_64 random(seed);
    least = std::min(least, drawn.faces({0}, variety, random).visible.mean().item<double>());
  }
  EXPECT_LT(least, 0.9);
  EXPECT_GT(least, 0.3);
}

TEST_F(MeshAugmentation, WithoutAFaceThereAreNoPoints) {
  const MeshSamples drawn = samples();
  std::mt19937_64 random(6);
  const MeshBatch batch = drawn.no_faces({0, 1, 2, 3, 4, 0, 1, 2}, random);
  EXPECT_EQ(batch.present.sum().item<float>(), 0.0F);
  EXPECT_EQ(batch.points.abs().sum().item<float>(), 0.0F);
  EXPECT_EQ(batch.visible.sum().item<float>(), 0.0F);
  EXPECT_TRUE(batch.pictures.isfinite().all().item<bool>());
}

TEST_F(MeshAugmentation, DrawsTheSameForTheSameSeed) {
  const MeshSamples drawn = samples();
  std::mt19937_64 a(7), b(7);
  const MeshBatch first = drawn.draw(12, 0.33, {}, a), second = drawn.draw(12, 0.33, {}, b);
  EXPECT_TRUE(at::equal(first.pictures, second.pictures));
  EXPECT_TRUE(at::equal(first.points, second.points));
  const auto present = first.present.sum().item<double>();
  EXPECT_GT(present, 0);
  EXPECT_LT(present, 12);
  EXPECT_LE(first.pictures.abs().max().item<float>(), 1.0F);
  EXPECT_TRUE(first.points.isfinite().all().item<bool>());
}

TEST_F(MeshAugmentation, ACropIsWhatItsSquareShows) {
  const MeshPack& known = pack(nets::kBelowNose);
  const at::Tensor points = known.points()[0];
  const nets::MeshSquare square = nets::square_around(points);
  const at::Tensor crop = mesh_crop(known.picture(0), square, kSide_px);
  const auto [dx, dy] = dot_near(crop, nets::square_from_picture(points, square)[nets::kBelowNose]);
  EXPECT_NEAR(dx, 0, 0.5);
  EXPECT_NEAR(dy, 0, 0.5);
}

}  // namespace
}  // namespace toonmirror::training
