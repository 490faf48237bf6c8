#include "media/frame.h"

#include <gtest/gtest.h>

namespace toonmirror::media {
namespace {

constexpr int kWidth_px = 720, kHeight_px = 576;

TEST(SquareStretch, LeavesSquareAndImpossiblePixelsAlone) {
  for (const Rational aspect : {Rational{1, 1}, {0, 1}, {1, 0}, {1000, 999}, {41, 10}, {10, 41}, {-1, 1}}) {
    const SquareStretch stretch(aspect);
    EXPECT_TRUE(stretch.identity()) << aspect.num << ":" << aspect.den;
    EXPECT_EQ(stretch.width(kWidth_px), kWidth_px);
    EXPECT_EQ(stretch.height(kHeight_px), kHeight_px);
  }
}

TEST(SquareStretch, EnlargesOneSideByTheAspect) {
  for (int num = 1; num <= 40; ++num) {
    for (int den = 1; den <= 40; ++den) {
      const double aspect = static_cast<double>(num) / den;
      if (aspect > 4 || aspect < 0.25 || num == den) continue;
      const SquareStretch stretch({num, den});
      EXPECT_FALSE(stretch.identity());
      EXPECT_NEAR(stretch.width(kWidth_px), kWidth_px * std::max(aspect, 1.0), 0.5);
      EXPECT_NEAR(stretch.height(kHeight_px), kHeight_px * std::max(1 / aspect, 1.0), 0.5);
    }
  }
}

}  // namespace
}  // namespace toonmirror::media
