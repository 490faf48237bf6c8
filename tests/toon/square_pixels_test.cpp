#include "toon/square_pixels.h"

#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using testing::largest_difference;

TEST(SquarePixels, LeavesSquareAndImpossiblePixelsAlone) {
  const cv::Mat picture = colourful_picture({40, 30}, 1);
  for (const media::Rational aspect :
       {media::Rational{1, 1}, {0, 1}, {1, 0}, {1000, 999}, {99, 1}, {-1, 1}}) {
    EXPECT_EQ(SquarePixels(aspect).stretch(picture).data, picture.data) << aspect.num << ":" << aspect.den;
  }
}

TEST(SquarePixels, EnlargesTheNarrowSide) {
  const cv::Mat picture = colourful_picture({40, 30}, 1);
  EXPECT_EQ(SquarePixels({2, 1}).stretch(picture).size(), cv::Size(80, 30));
  EXPECT_EQ(SquarePixels({1, 2}).stretch(picture).size(), cv::Size(40, 60));
}

TEST(SquarePixels, TakesBackWhatChangedAndNothingElse) {
  for (const media::Rational aspect : {media::Rational{2, 1}, {3, 4}, {64, 45}}) {
    const SquarePixels square(aspect);
    const cv::Mat original = colourful_picture({90, 70}, 2);
    const cv::Mat before = square.stretch(original);
    cv::Mat after = before.clone();
    const cv::Rect drawn(before.cols / 4, before.rows / 4, before.cols / 2, before.rows / 2);
    after(drawn).setTo(cv::Scalar(255, 0, 0));
    cv::Mat result = original.clone();
    const cv::Rect changed = square.take_changes(before, after, drawn, result);
    cv::Mat outside = result.clone();
    original(changed).copyTo(outside(changed));
    EXPECT_EQ(largest_difference(outside, original), 0);
    EXPECT_EQ(result.at<cv::Vec3b>(35, 45)[0] > 200, true);
    const cv::Rect inner(changed.x + 3, changed.y + 3, changed.width - 6, changed.height - 6);
    EXPECT_LT(cv::norm(result(inner), cv::Mat(inner.size(), CV_8UC3, cv::Scalar(255, 0, 0)), cv::NORM_L1) /
                  double(inner.area() * 3),
              3);
  }
}

}  // namespace
}  // namespace toonmirror::toon
