#include "toon/coloured_light.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::largest_difference;

constexpr int kCrop_px = 128;

// Landmarks on a disc around the centre of the crop.
face::Landmarks disc() {
  face::Landmarks landmarks;
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    const double angle = 2 * CV_PI * i / face::kLandmarkCount;
    landmarks[i] = cv::Point2d(64, 64) + 30 * cv::Point2d(std::cos(angle), std::sin(angle));
  }
  return landmarks;
}

// A face of one colour with soft modelling, on grey.
cv::Mat face_in(const cv::Vec3d& rgb) {
  cv::Mat picture(kCrop_px, kCrop_px, CV_8UC3, cv::Scalar(60, 60, 60));
  for (int y = 20; y < 108; ++y) {
    for (int x = 20; x < 108; ++x) {
      const cv::Vec3d colour = rgb * (0.85 + 0.15 * std::sin(0.15 * x));
      picture.at<cv::Vec3b>(y, x) = {cv::saturate_cast<uchar>(colour[0]), cv::saturate_cast<uchar>(colour[1]),
                                     cv::saturate_cast<uchar>(colour[2])};
    }
  }
  return picture;
}

double redness(const cv::Mat& picture) {
  const cv::Scalar mean = cv::mean(picture(cv::Rect(44, 44, 40, 40)));
  return mean[0] - mean[2];
}

TEST(ColouredLight, LeavesSkinInOrdinaryLightAlone) {
  for (const cv::Vec3d& skin :
       {cv::Vec3d(240, 205, 185), cv::Vec3d(198, 134, 100), cv::Vec3d(90, 58, 42), cv::Vec3d(150, 150, 150),
        cv::Vec3d(250, 170, 90), cv::Vec3d(160, 150, 175)}) {
    const cv::Mat crop = face_in(skin);
    const ColouredLight light(crop, disc());
    EXPECT_TRUE(light.ordinary()) << cv::Mat(skin).t();
    EXPECT_EQ(largest_difference(light.taken_from(crop), crop), 0);
    EXPECT_EQ(largest_difference(light.given_to(crop), crop), 0);
  }
}

TEST(ColouredLight, IsTakenFromTheCropAndGivenBackToTheDrawing) {
  for (const cv::Vec3d& lit : {cv::Vec3d(40, 30, 190), cv::Vec3d(20, 170, 40), cv::Vec3d(190, 20, 180)}) {
    const cv::Mat crop = face_in(lit);
    const ColouredLight light(crop, disc());
    ASSERT_FALSE(light.ordinary());
    const cv::Mat plain = light.taken_from(crop);
    const cv::Scalar before = cv::mean(crop(cv::Rect(44, 44, 40, 40))),
                     after = cv::mean(plain(cv::Rect(44, 44, 40, 40)));
    const auto spread = [](const cv::Scalar& c) {
      return std::max({c[0], c[1], c[2]}) - std::min({c[0], c[1], c[2]});
    };
    EXPECT_LT(spread(after), 0.6 * spread(before));
    // A drawing of ordinary skin takes on the light's colour.
    const cv::Mat drawn = light.given_to(face_in({215, 160, 135}));
    const cv::Scalar drawn_mean = cv::mean(drawn(cv::Rect(44, 44, 40, 40)));
    const double most = std::max({before[0], before[1], before[2]}),
                 drawn_most = std::max({drawn_mean[0], drawn_mean[1], drawn_mean[2]});
    EXPECT_LT(cv::norm(drawn_mean / drawn_most - before / most), 0.3) << drawn_mean << before;
  }
}

TEST(ColouredLight, GivesNothingToADrawingWithoutColours) {
  const ColouredLight light(face_in({40, 30, 190}), disc());
  const cv::Mat pencil = face_in({180, 180, 180});
  EXPECT_LT(std::abs(redness(light.given_to(pencil))), 12);
}

TEST(ColouredLight, AFaceOutsideOfTheCropHasNone) {
  face::Landmarks far = disc();
  for (cv::Point2d& p : far) p += cv::Point2d(2000, 0);
  EXPECT_TRUE(ColouredLight(face_in({40, 30, 190}), far).ordinary());
}

}  // namespace
}  // namespace toonmirror::toon
