#include "face/one_euro.h"

#include <gtest/gtest.h>

#include <array>
#include <numbers>
#include <random>

namespace toonmirror::face {
namespace {

constexpr OneEuroOptions kOptions{.min_cutoff_hz = 1, .beta = 10, .speed_cutoff_hz = 2};
constexpr double kInterval_s = 0.04;

cv::Point2d filter_one(OneEuroFilter& filter, cv::Point2d point, double unit_px = 1) {
  std::array<cv::Point2d, 1> points = {point};
  filter.update(points, unit_px, kInterval_s);
  return points[0];
}

TEST(OneEuro, KeepsAConstant) {
  OneEuroFilter filter(kOptions);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(filter_one(filter, {3, -4}), cv::Point2d(3, -4));
  }
}

TEST(OneEuro, SteadiesASignalAtRest) {
  OneEuroFilter filter(kOptions);
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 0.003);
  double before = 0, after = 0;
  for (int i = 0; i < 500; ++i) {
    const cv::Point2d point(noise(random), noise(random));
    const cv::Point2d filtered = filter_one(filter, point);
    if (i > 50) {
      before += point.dot(point);
      after += filtered.dot(filtered);
    }
  }
  EXPECT_LT(after, 0.2 * before);
}

TEST(OneEuro, LagsByNoMoreThanItsBoundAtAnySpeed) {
  const double bound = 1 / (2 * std::numbers::pi * kOptions.beta);
  for (const double speed : {0.1, 1.0, 10.0}) {
    OneEuroFilter filter(kOptions);
    double lag = 0;
    for (int i = 0; i < 200; ++i) {
      const double x = speed * i * kInterval_s;
      lag = x - filter_one(filter, {x, 0}).x;
    }
    EXPECT_GE(lag, 0);
    EXPECT_LE(lag, bound * 1.001) << speed;
  }
}

TEST(OneEuro, TreatsAllSizesAlike) {
  OneEuroFilter small(kOptions), large(kOptions);
  std::mt19937 random(2);
  std::uniform_real_distribution<double> place(0, 1);
  for (int i = 0; i < 50; ++i) {
    const cv::Point2d point(place(random), place(random));
    EXPECT_NEAR(cv::norm(100 * filter_one(small, point) - filter_one(large, 100 * point, 100)), 0, 1e-9);
  }
}

TEST(OneEuro, PointsDoNotInfluenceEachOther) {
  OneEuroFilter filter(kOptions);
  for (int i = 0; i < 20; ++i) {
    std::array<cv::Point2d, 2> points = {cv::Point2d(i * i, 5), cv::Point2d(1, 2)};
    filter.update(points, 1, kInterval_s);
    EXPECT_EQ(points[1], cv::Point2d(1, 2));
  }
}

}  // namespace
}  // namespace toonmirror::face
