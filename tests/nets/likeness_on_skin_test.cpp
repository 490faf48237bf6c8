#include "nets/likeness_on_skin.h"

#include <gtest/gtest.h>

namespace toonmirror::nets {
namespace {

// Skin on the left half, at 16 px.
at::Tensor left_half() {
  at::Tensor skin = at::zeros({1, 1, 16, 16});
  skin.narrow(3, 0, 8).fill_(1);
  return skin;
}

GeneratorOptions hears(int64_t finest_skin_features_px) {
  GeneratorOptions options;
  options.finest_skin_features_px = finest_skin_features_px;
  return options;
}

TEST(LikenessOnSkin, LeavesFineFeaturesOutWhereThereIsSkin) {
  const LikenessFeatures all = {{4, at::randn({2, 3, 4, 4})}, {8, at::randn({2, 3, 8, 8})}};
  LikenessFeatures features = all;
  quieten_on_skin(features, hears(4), left_half());
  EXPECT_TRUE(at::equal(features.at(4), all.at(4)));
  EXPECT_EQ(features.at(8).narrow(3, 0, 4).abs().max().item<double>(), 0);
  EXPECT_TRUE(at::equal(features.at(8).narrow(3, 4, 4), all.at(8).narrow(3, 4, 4)));
}

TEST(LikenessOnSkin, HalfAStyleHearsHalfOfThem) {
  const LikenessFeatures all = {{8, at::randn({1, 3, 8, 8})}};
  LikenessFeatures features = all;
  quieten_on_skin(features, hears(4), left_half(), 0.5);
  EXPECT_TRUE(at::allclose(features.at(8).narrow(3, 0, 4), 0.5 * all.at(8).narrow(3, 0, 4)));
}

TEST(LikenessOnSkin, ChangesNothingForNetworksThatHearAll) {
  const LikenessFeatures all = {{8, at::randn({1, 3, 8, 8})}};
  LikenessFeatures features = all;
  quieten_on_skin(features, GeneratorOptions{}, left_half());
  EXPECT_TRUE(features.at(8).is_same(all.at(8)));
}

}  // namespace
}  // namespace toonmirror::nets
