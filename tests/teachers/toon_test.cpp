#include "teachers/toon.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "support/synthetic_face.h"
#include "teachers/teacher.h"

namespace toonmirror::teachers {
namespace {

using face::Label;
using testing::synthetic_face;

int count(const cv::Mat& labels, Label label) { return cv::countNonZero(labels == static_cast<int>(label)); }

double difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
}

TEST(Toon, DrawsAPictureOfTheSameSizeAndAlwaysTheSame) {
  const FaceDrawingInput input = synthetic_face();
  const Drawing one = draw_toon(input), two = draw_toon(input);
  EXPECT_EQ(one.picture.size(), cv::Size(256, 256));
  EXPECT_EQ(one.picture.type(), CV_8UC3);
  EXPECT_EQ(difference(one.picture, two.picture), 0);
  EXPECT_GT(difference(one.picture, input.photo), 2);
}

TEST(Toon, EnlargesTheEyesInPictureAndLabels) {
  const FaceDrawingInput input = synthetic_face();
  const Drawing drawing = draw_toon(input);
  const auto eye_area = [](const cv::Mat& labels) {
    return count(labels, Label::eye) + count(labels, Label::iris);
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

TEST(Toon, ChangesLittleWhenThePhotoChangesLittle) {
  FaceDrawingInput input = synthetic_face();
  const cv::Mat before = draw_toon(input).picture;
  input.photo += cv::Scalar::all(2);
  for (cv::Point2d& point : input.landmarks) point.x += 0.2;
  EXPECT_LT(difference(before, draw_toon(input).picture), 4);
}

TEST(Toon, KeepsDarkSkinDarkAndFairSkinFair) {
  const auto cheek = [](const cv::Scalar& skin) {
    return cv::mean(draw_toon(synthetic_face({.skin = skin})).picture(cv::Rect(85, 150, 16, 16)));
  };
  const cv::Scalar dark = cheek({95, 62, 45}), fair = cheek({240, 205, 190});
  EXPECT_LT(dark[0] + 80, fair[0]);
  EXPECT_GT(dark[0], dark[2]);  // warm, not grey
}

TEST(Toon, SurvivesWhatAFaceMayBeLike) {
  const FaceDrawingInput closed = synthetic_face({.eyes_open = false});
  EXPECT_FALSE(draw_toon(closed).picture.empty());
  EXPECT_FALSE(draw_toon(synthetic_face({.beard = true})).picture.empty());
  FaceDrawingInput input = synthetic_face();
  input.labels.setTo(0);  // nothing parsed
  EXPECT_FALSE(draw_toon(input).picture.empty());
  input.photo.setTo(0);
  EXPECT_FALSE(draw_toon(input).picture.empty());
  for (cv::Point2d& point : input.landmarks) point = {point.x * 40 - 3000, point.y * -25};  // far outside
  EXPECT_FALSE(draw_toon(input).picture.empty());
  for (cv::Point2d& point : input.landmarks) point = {128, 128};  // all in one place
  EXPECT_FALSE(draw_toon(input).picture.empty());
}

TEST(Toon, RefusesOtherSizes) {
  FaceDrawingInput input = synthetic_face();
  cv::resize(input.photo, input.photo, {128, 128});
  EXPECT_THROW(draw_toon(input), Error);
}

TEST(Teachers, AreFoundByName) {
  EXPECT_EQ(find_teacher("toon").name, "toon");
  EXPECT_THROW(find_teacher("nobody"), Error);
  const FaceDrawingInput input = synthetic_face();
  const TeacherEntry& photo = find_teacher("photo");
  EXPECT_TRUE(photo.target_is_photo);
  EXPECT_EQ(difference(photo.draw(input).picture, input.photo), 0);
}

}  // namespace
}  // namespace toonmirror::teachers
