#include "teachers/toon.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "support/synthetic_face.h"

namespace toonmirror::teachers {
namespace {

using face::Label;
using testing::synthetic_face;

int count(const cv::Mat& labels, Label label) { return cv::countNonZero(labels == static_cast<int>(label)); }

TEST(Toon, EnlargesTheEyesInPictureAndLabels) {
  const FaceDrawingInput input = synthetic_face();
  const Drawing drawing = draw_toon(input);
  const auto eye_area = [](const cv::Mat& labels) {
    return count(labels, Label::kEye) + count(labels, Label::kIris);
  };
  EXPECT_GT(eye_area(drawing.labels), 1.5 * eye_area(input.labels));
  // White of the eye just inside the enlarged left corner, where the photo shows skin.
  const cv::Vec3b white = drawing.picture.at<cv::Vec3b>(115, 82);
  EXPECT_GT(white[2], input.photo.at<cv::Vec3b>(115, 82)[2]);
}

TEST(Toon, BothEyesHaveTheSameColour) {
  const cv::Mat picture = draw_toon(synthetic_face()).picture;
  cv::Scalar left = cv::mean(picture(cv::Rect(91, 118, 12, 5))),
             right = cv::mean(picture(cv::Rect(153, 118, 12, 5)));
  EXPECT_LT(cv::norm(left - right), 12);
}

TEST(Toon, KeepsDarkSkinDarkAndFairSkinFair) {
  const auto cheek = [](const cv::Scalar& skin) {
    return cv::mean(draw_toon(synthetic_face({.skin = skin})).picture(cv::Rect(85, 150, 16, 16)));
  };
  const cv::Scalar dark = cheek({95, 62, 45}), fair = cheek({240, 205, 190});
  EXPECT_LT(dark[0] + 80, fair[0]);
  EXPECT_GT(dark[0], dark[2]);  // warm, not grey
}

}  // namespace
}  // namespace toonmirror::teachers
