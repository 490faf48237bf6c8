#include "teachers/lines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "support/synthetic_face.h"

namespace toonmirror::teachers {
namespace {

// Stripes whose crests run at `degrees` from the horizontal, counter-clockwise.
cv::Mat stripes(double degrees) {
  const double angle = degrees * CV_PI / 180;
  cv::Mat picture(96, 96, CV_32F);
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 96; ++x) {
      const double across = x * std::sin(angle) + y * std::cos(angle);
      picture.at<float>(y, x) = static_cast<float>(0.5 + 0.4 * std::sin(across * 0.6));
    }
  }
  return picture;
}

TEST(FlowOf, RunsAlongTheForms) {
  for (const double degrees : {0.0, 30.0, 90.0, 135.0}) {
    const cv::Vec2f found = flow_of(stripes(degrees), 1.2, 4.0).at<cv::Vec2f>(48, 48);
    const cv::Vec2f wanted = uniform_flow({1, 1}, degrees).at<cv::Vec2f>(0, 0);
    EXPECT_GT(std::abs(found.dot(wanted)), 0.99) << degrees;
  }
}

TEST(AveragedAlong, KeepsStripesAndErasesWhatCrossesThem) {
  const cv::Mat picture = stripes(30);
  const cv::Rect inside(24, 24, 48, 48);
  const auto spread = [&](const cv::Mat& p) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(p(inside), mean, deviation);
    return deviation[0];
  };
  EXPECT_GT(spread(averaged_along(uniform_flow(picture.size(), 30), picture, 12)), 0.9 * spread(picture));
  EXPECT_LT(spread(averaged_along(uniform_flow(picture.size(), 120), picture, 12)), 0.3 * spread(picture));
}

TEST(ContourLines, AreDrawnInTheDarkSideOfEdgesAndNowhereElse) {
  cv::Mat picture(64, 64, CV_32F, cv::Scalar(0.8));
  picture.colRange(32, 64).setTo(0.3);
  const cv::Mat lines = contour_lines(picture, {}, 64);
  double strongest = 0;
  cv::minMaxLoc(lines.col(33), nullptr, &strongest);
  EXPECT_GT(strongest, 0.5);
  cv::minMaxLoc(lines.colRange(0, 20), nullptr, &strongest);
  EXPECT_LT(strongest, 0.05);
  // Enlarged they stay where they are, and their edges become no broader.
  const cv::Mat large = contour_lines(picture, {}, 256);
  const auto share_between = [](const cv::Mat& of) {
    return static_cast<double>(cv::countNonZero((of > 0.1f) & (of < 0.4f))) / static_cast<double>(of.total());
  };
  EXPECT_NEAR(cv::sum(large)[0] / 16, cv::sum(lines)[0], 0.15 * cv::sum(lines)[0]);
  EXPECT_LT(share_between(large), 0.04);
}

TEST(BrushLine, IsBroadInTheMiddleAndGoesThroughItsPoints) {
  const cv::Mat line = brush_line({{10, 32}, {32, 32}, {54, 32}}, 6, {64, 64});
  EXPECT_GT(line.at<float>(32, 32), 0.9f);
  EXPECT_NEAR(cv::sum(line.col(32))[0], 6, 1.6);
  EXPECT_LT(cv::sum(line.col(12))[0], 5);
  EXPECT_EQ(cv::sum(line.rowRange(0, 20))[0], 0);
}

TEST(Outlines, LieWhereTwoClassesMeet) {
  cv::Mat labels(64, 64, CV_8U, cv::Scalar(static_cast<int>(face::Label::kSkin)));
  labels.colRange(32, 64).setTo(static_cast<int>(face::Label::kBackground));
  const Mattes mattes(cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(128)), labels);
  const cv::Mat line = outlines(mattes, {{{face::Label::kSkin}, {face::Label::kBackground}, 0.8f}}, 3.0);
  EXPECT_NEAR(line.at<float>(32, 32), 0.8, 0.25);
  EXPECT_LT(line.at<float>(32, 10), 0.02f);
  EXPECT_LT(line.at<float>(32, 54), 0.02f);
}

TEST(Paper, IsTheSameEveryTimeAndAboutOne) {
  const cv::Mat one = paper(512, 4, 0.05, 2), two = paper(512, 4, 0.05, 2);
  EXPECT_EQ(cv::norm(one, two, cv::NORM_INF), 0);
  cv::Scalar mean, deviation;
  cv::meanStdDev(one, mean, deviation);
  EXPECT_NEAR(mean[0], 1, 0.02);
  EXPECT_NEAR(deviation[0], 0.035, 0.015);
  EXPECT_GT(cv::norm(one, paper(512, 5, 0.05, 2), cv::NORM_L1), 10);
}

}  // namespace
}  // namespace toonmirror::teachers
