#include "teachers/relief.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

constexpr int kSide = 256;

// Points of a sphere's front, radius 80, centre (128, 128).
std::vector<cv::Point3d> sphere() {
  std::vector<cv::Point3d> points;
  for (int ring = 0; ring <= 10; ++ring) {
    const double r = 8.0 * ring;
    for (int i = 0; i < std::max(6 * ring, 1); ++i) {
      const double angle = 2 * CV_PI * i / std::max(6 * ring, 1);
      points.emplace_back(128 + r * std::cos(angle), 128 + r * std::sin(angle), std::sqrt(6400.0 - r * r));
    }
  }
  return points;
}

TEST(Relief, HasTheHeightsOfTheMesh) {
  const Relief relief = relief_of(sphere(), {kSide, kSide});
  for (const int x : {100, 128, 160}) {
    const double expected = std::sqrt(6400.0 - (x - 128) * (x - 128));
    EXPECT_NEAR(relief.height.at<float>(128, x), expected, 2.0) << x;
    EXPECT_GT(relief.share.at<float>(128, x), 0.95f);
  }
  EXPECT_LT(relief.share.at<float>(10, 10), 0.05f);
}

TEST(Relief, NormalsPointAwayFromTheCentreOfASphere) {
  const Relief relief = relief_of(sphere(), {kSide, kSide});
  const cv::Mat normals = normals_of(soft(relief.height, 3), 1.0);
  for (const auto& [x, y] : {std::pair{128, 128}, {150, 128}, {128, 100}, {110, 150}}) {
    const cv::Vec3f n = normals.at<cv::Vec3f>(y, x);
    EXPECT_NEAR(cv::norm(n), 1.0, 1e-4);
    EXPECT_NEAR(n[0], (x - 128) / 80.0, 0.12) << x << ' ' << y;
    EXPECT_NEAR(n[1], (y - 128) / 80.0, 0.12) << x << ' ' << y;
  }
}

TEST(Relief, RefusesWhatIsNoMesh) {
  EXPECT_THROW(relief_of({}, {kSide, kSide}), Error);
  std::vector<cv::Point3d> broken = sphere();
  broken[5].z = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(relief_of(broken, {kSide, kSide}), Error);
}

TEST(Dome, RisesFromTheBorderAndIsLevelInside) {
  cv::Mat mask = cv::Mat::zeros(kSide, kSide, CV_32F);
  mask(cv::Rect(40, 40, 176, 176)).setTo(1);
  const cv::Mat height = dome(mask, 40);
  EXPECT_LT(height.at<float>(128, 20), 1);
  EXPECT_LT(height.at<float>(128, 50), height.at<float>(128, 70));
  EXPECT_NEAR(height.at<float>(128, 128), 40, 1);
  EXPECT_NEAR(height.at<float>(128, 110), 40, 1);
}

}  // namespace
}  // namespace toonmirror::teachers
