#include "training/picture_damage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace toonmirror::training {
namespace {

constexpr int64_t kSide_px = 48;

class PictureDamage : public ::testing::Test {
 protected:
  PictureDamage() : pixels_(kSide_px * kSide_px * 3), canvas_{pixels_.data(), kSide_px} {
    for (int64_t y = 0; y < kSide_px; ++y) {
      for (int64_t x = 0; x < kSide_px; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          canvas_.at(x, y)[c] = 0.5F + 0.3F * std::sin(0.4F * static_cast<float>(x + 2 * y + 5 * c));
        }
      }
    }
  }
  double mean() const {
    double sum = 0;
    for (const float value : pixels_) sum += value;
    return sum / static_cast<double>(pixels_.size());
  }
  double deviation() const {
    double sum = 0;
    const double middle = mean();
    for (const float value : pixels_) sum += (value - middle) * (value - middle);
    return std::sqrt(sum / static_cast<double>(pixels_.size()));
  }
  double difference(const std::vector<float>& other) const {
    double sum = 0;
    for (size_t i = 0; i < pixels_.size(); ++i) sum += std::abs(pixels_[i] - other[i]);
    return sum / static_cast<double>(pixels_.size());
  }

  std::vector<float> pixels_;
  Canvas canvas_;
  std::mt19937_64 random_{1};
  Dice dice_{random_};
};

TEST_F(PictureDamage, BlursKeepTheMeanAndTakeContrast) {
  const double light = mean(), contrast = deviation();
  blur(canvas_, 1.5);
  EXPECT_NEAR(mean(), light, 0.01);
  EXPECT_LT(deviation(), 0.8 * contrast);
  const double before = deviation();
  blur_along(canvas_, 0.3, 7);
  EXPECT_NEAR(mean(), light, 0.02);
  EXPECT_LT(deviation(), before);
}

TEST_F(PictureDamage, LostResolutionKeepsWhatIsCoarse) {
  const double light = mean(), contrast = deviation();
  lose_resolution(canvas_, 4);
  EXPECT_NEAR(mean(), light, 0.02);
  EXPECT_LT(deviation(), 0.9 * contrast);
}

TEST_F(PictureDamage, NoiseHasItsStrength) {
  const std::vector<float> before = pixels_;
  add_noise(canvas_, 0.05, dice_);
  EXPECT_GT(difference(before), 0.03);
  EXPECT_LT(difference(before), 0.08);
}

TEST_F(PictureDamage, BlocksOfHighQualityHardlyChange) {
  const std::vector<float> before = pixels_;
  quantise_blocks(canvas_, 98, dice_);
  const double fine = difference(before);
  EXPECT_LT(fine, 0.012);
  pixels_ = before;
  quantise_blocks(canvas_, 8, dice_);
  EXPECT_GT(difference(before), 2 * fine);
  EXPECT_LT(difference(before), 0.2);
}

TEST_F(PictureDamage, AllOfItStaysFinite) {
  for (int round = 0; round < 40; ++round) {
    vary_light(canvas_, dice_);
    damage(canvas_, dice_);
    ASSERT_TRUE(std::ranges::all_of(pixels_, [](float value) { return std::abs(value) < 4; }));
    for (float& value : pixels_) value = std::clamp(value, 0.0F, 1.0F);
  }
}

}  // namespace
}  // namespace toonmirror::training
