#include "teachers/head_light.h"

#include <gtest/gtest.h>

#include <cmath>

namespace toonmirror::teachers {
namespace {

constexpr int kSide = 120;

// Normals of a sphere's front that fills the picture, and 1 inside it.
void sphere(cv::Mat& normals, cv::Mat& inside) {
  normals = cv::Mat(kSide, kSide, CV_32FC3, cv::Scalar(0, 0, 1));
  inside = cv::Mat::zeros(kSide, kSide, CV_32F);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const float u = (static_cast<float>(x) - 59.5f) / 62, v = (static_cast<float>(y) - 59.5f) / 62;
      if (u * u + v * v > 0.9f) continue;
      normals.at<cv::Vec3f>(y, x) = {u, v, std::sqrt(1 - u * u - v * v)};
      inside.at<float>(y, x) = 1;
    }
  }
}

cv::Mat lit(const cv::Mat& normals, const cv::Vec3f& from) {
  cv::Mat light(normals.size(), CV_32F);
  for (int y = 0; y < light.rows; ++y) {
    for (int x = 0; x < light.cols; ++x) {
      light.at<float>(y, x) = 0.3f + 0.4f * std::max(normals.at<cv::Vec3f>(y, x).dot(from), 0.0f);
    }
  }
  return light;
}

TEST(HeadLight, ExplainsALitSphereAndSaysFromWhere) {
  cv::Mat normals, inside;
  sphere(normals, inside);
  const cv::Vec3f from(0.6f, -0.3f, 0.7416f);
  const cv::Mat light = lit(normals, from);
  const HeadLight fitted(normals, light, inside);
  EXPECT_LT(cv::norm(fitted.on(normals), light, cv::NORM_L1, inside > 0.5) / cv::sum(inside)[0], 0.02);
  EXPECT_GT(fitted.direction().dot(from), 0.8f);  // the fit prefers even light
}

TEST(HeadLight, DoesNotTakeABeardForAShadow) {
  cv::Mat normals, inside;
  sphere(normals, inside);
  const cv::Mat light = lit(normals, {0, 0, 1});
  cv::Mat bearded = light.clone();
  bearded(cv::Rect(40, 85, 40, 20)) *= 0.4;
  const cv::Mat seen = HeadLight(normals, bearded, inside).on(normals);
  EXPECT_NEAR(seen.at<float>(95, 60), light.at<float>(95, 60), 0.08);
}

TEST(HeadLight, IsEvenWhereNothingIsKnown) {
  const cv::Mat normals(kSide, kSide, CV_32FC3, cv::Scalar(0, 0, 1)),
      nothing = cv::Mat::zeros(kSide, kSide, CV_32F);
  const HeadLight light(normals, nothing, nothing);
  EXPECT_EQ(light.direction(), cv::Vec3f(0, 0, 1));
  EXPECT_GT(light.on(normals).at<float>(5, 5), 0.2f);
}

}  // namespace
}  // namespace toonmirror::teachers
