#include "display/view.h"

#include <gtest/gtest.h>

namespace toonmirror::display {
namespace {

TEST(View, KeepsTheAspectInTheMiddle) {
  EXPECT_EQ(fitted({640, 480}, {640, 480}), cv::Rect(0, 0, 640, 480));
  EXPECT_EQ(fitted({640, 480}, {1000, 480}), cv::Rect(180, 0, 640, 480));
  EXPECT_EQ(fitted({640, 480}, {320, 1000}), cv::Rect(0, 380, 320, 240));
  EXPECT_EQ(fitted({1, 1000}, {500, 10}).height, 10);
  EXPECT_GE(fitted({1, 1000}, {500, 10}).width, 1);
}

TEST(View, SurvivesNothing) {
  EXPECT_EQ(fitted({}, {300, 200}), cv::Rect(0, 0, 300, 200));
  EXPECT_EQ(inset_place({0, 0, 300, 200}, {}), cv::Rect());
}

TEST(View, InsetLiesInside) {
  const cv::Rect picture(100, 50, 800, 600), inset = inset_place(picture, {640, 480});
  EXPECT_EQ(inset & picture, inset);
  EXPECT_EQ(inset.width, 200);
  EXPECT_EQ(inset.height, 150);
}

TEST(View, PartsOnlyWhatShowsTheSame) {
  const cv::Mat a(4, 6, CV_8UC3), b(4, 6, CV_8UC3), square(4, 4, CV_8UC3);
  EXPECT_TRUE(can_wipe(a, b));
  EXPECT_FALSE(can_wipe(a, square));
  EXPECT_FALSE(can_wipe({}, {}));
}

}  // namespace
}  // namespace toonmirror::display
