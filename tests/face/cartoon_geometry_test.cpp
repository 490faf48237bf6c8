#include "face/cartoon_geometry.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "support/synthetic_face.h"

namespace toonmirror::face {
namespace {

const Landmarks kLandmarks = testing::synthetic_face().landmarks;

double length(const cv::Point2d& v) { return std::hypot(v.x, v.y); }

TEST(DisplacementField, MagnifiesEyesShrinksNoseAndNarrowsJaw) {
  const DisplacementField field(kLandmarks, 256, {});
  const Landmarks drawn = field.forward(kLandmarks);
  EXPECT_GT(length(drawn[39] - drawn[36]), 1.2 * length(kLandmarks[39] - kLandmarks[36]));
  EXPECT_LT(length(drawn[35] - drawn[31]), length(kLandmarks[35] - kLandmarks[31]));
  EXPECT_LT(length(drawn[12] - drawn[4]), length(kLandmarks[12] - kLandmarks[4]));
}

TEST(DisplacementField, WithoutZoomChangesNothing) {
  const DisplacementField field(kLandmarks, 256,
                                {.eye_zoom = 1, .nose_zoom = 1, .mouth_zoom = 1, .jaw_pull = 0});
  const cv::Mat photo = testing::synthetic_face().photo;
  EXPECT_EQ(cv::norm(field.warp(photo, cv::INTER_LINEAR), photo, cv::NORM_INF), 0);
  EXPECT_LT(length(field.forward(kLandmarks[30]) - kLandmarks[30]), 1e-9);
}

TEST(DisplacementField, MovesPointsWithThePicture) {
  const DisplacementField field(kLandmarks, 256, {});
  for (const cv::Point2d& point : {kLandmarks[36], kLandmarks[45], kLandmarks[33], kLandmarks[6]}) {
    cv::Mat dot = cv::Mat::zeros(256, 256, CV_32F);
    dot.at<float>(static_cast<int>(std::lround(point.y)), static_cast<int>(std::lround(point.x))) = 1;
    cv::GaussianBlur(dot, dot, {}, 2);
    cv::Point brightest;
    cv::minMaxLoc(field.warp(dot, cv::INTER_LINEAR), nullptr, nullptr, nullptr, &brightest);
    EXPECT_LT(length(field.forward(point) - cv::Point2d(brightest)), 1.8);
  }
}

TEST(DisplacementField, LeavesTheCornersOfTheCropInPlace) {
  const DisplacementField field(kLandmarks, 256, {});
  for (const cv::Point2d& corner : {cv::Point2d(0, 0), cv::Point2d(255, 0)}) {
    EXPECT_LT(length(field.forward(corner) - corner), 0.1);
  }
}

TEST(DisplacementField, LiftsTheChinAndLeavesTheBrowsInPlace) {
  CartoonGeometry lifted{.eye_zoom = 1, .nose_zoom = 1, .mouth_zoom = 1, .jaw_pull = 0, .chin_lift = 0.1};
  const DisplacementField field(kLandmarks, 256, lifted);
  const double unit = eye_distance(kLandmarks);
  EXPECT_LT(field.forward(kLandmarks[8]).y, kLandmarks[8].y - 0.04 * unit);
  EXPECT_GT(field.forward(kLandmarks[8]).y, kLandmarks[8].y - 0.11 * unit);
  EXPECT_NEAR(field.forward(kLandmarks[19]).y, kLandmarks[19].y, 0.5);
}

TEST(CartoonGeometry, EyesGrowLessBehindGlasses) {
  const CartoonGeometry plain{.eye_zoom = 1.5}, wearer{.eye_zoom = 1.5, .eye_zoom_behind_glasses = 1.2};
  EXPECT_EQ(behind_glasses(plain, 1.0).eye_zoom, 1.5);
  EXPECT_EQ(behind_glasses(wearer, 0.0).eye_zoom, 1.5);
  EXPECT_NEAR(behind_glasses(wearer, 0.5).eye_zoom, 1.35, 1e-9);
  cv::Mat mask = cv::Mat::zeros(256, 256, CV_8U);
  mask(cv::Rect(0, 0, 8, 8)) = 255;  // a few stray pixels
  EXPECT_EQ(glasses_share(mask), 0);
  mask(cv::Rect(80, 90, 90, 30)) = 255;
  EXPECT_EQ(glasses_share(mask), 1);
}

}  // namespace
}  // namespace toonmirror::face
