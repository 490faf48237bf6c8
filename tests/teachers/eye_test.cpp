#include "teachers/eye.h"

#include <gtest/gtest.h>

#include "support/synthetic_face.h"
#include "teachers/eye_paint.h"
#include "teachers/mattes.h"

namespace toonmirror::teachers {
namespace {

using face::Label;
using testing::synthetic_face;

std::array<EyeShape, 2> eyes_of(const FaceDrawingInput& input, bool labelled = true) {
  const Mattes mattes(input.photo, input.labels);
  EyeEvidence evidence;
  evidence.eye = mattes.of({Label::kEye, Label::kIris});
  evidence.iris = mattes.of({Label::kIris});
  evidence.glasses = mattes.of({Label::kGlasses});
  cv::cvtColor(input.photo, evidence.light, cv::COLOR_RGB2GRAY);
  evidence.light.convertTo(evidence.light, CV_32F, 100.0 / 255.0);
  evidence.skin_light = 70;
  evidence.labelled = labelled;
  return find_eyes(input.landmarks, evidence);
}

TEST(Eyes, OfAStraightFaceAreAlikeAndLookStraight) {
  const auto [left, right] = eyes_of(synthetic_face());
  EXPECT_NEAR(left.opening(), 12.0 / 28.0, 0.1);
  EXPECT_NEAR(left.opening(), right.opening(), 0.02);
  EXPECT_NEAR(left.gaze.x, 0, 0.03);
  EXPECT_NEAR(right.gaze.x, 0, 0.03);
  EXPECT_NEAR(left.iris_radius * left.width(), 6, 1.5);
  EXPECT_EQ(left.visible, 1);
}

TEST(Eyes, FollowTheIrisSideways) {
  FaceDrawingInput input = synthetic_face();
  for (const int x : {97, 159}) {
    cv::ellipse(input.labels, {x, 115}, {14, 6}, 0, 0, 360, static_cast<int>(Label::kEye), cv::FILLED);
    cv::circle(input.labels, {x + 5, 115}, 5, static_cast<int>(Label::kIris), cv::FILLED);
  }
  for (const EyeShape& eye : eyes_of(input)) EXPECT_NEAR(eye.gaze.x, 5.0 / 28.0, 0.05);
}

TEST(Eyes, InWhichNoIrisIsSeenAreClosed) {
  const FaceDrawingInput closed = synthetic_face({.eyes_open = false});
  for (const EyeShape& eye : eyes_of(closed)) EXPECT_LT(eye.opening(), 0.1);
  cv::Mat labels = closed.labels.clone();
  label_eye(labels, prepare_eye(eyes_of(closed)[0], {}, true), 1.0);
  EXPECT_EQ(cv::countNonZero(labels == static_cast<int>(Label::kIris)), 0);
}

TEST(Eyes, BehindDarkGlassAreNotSeenAndBehindClearGlassAre) {
  for (const bool dark : {true, false}) {
    FaceDrawingInput input = synthetic_face();
    for (const int x : {97, 159}) {
      const cv::Rect lens(x - 24, 100, 48, 34);
      cv::rectangle(input.labels, lens, static_cast<int>(Label::kGlasses), cv::FILLED);
      if (dark) cv::rectangle(input.photo, lens, {25, 20, 20}, cv::FILLED);
    }
    for (const EyeShape& eye : eyes_of(input)) EXPECT_NEAR(eye.visible, dark ? 0 : 1, 0.01);
  }
}

TEST(Mattes, SumToOneAndKeepToTheirLabels) {
  const FaceDrawingInput input = synthetic_face();
  const Mattes mattes(input.photo, input.labels);
  const cv::Mat sum =
      mattes.of({Label::kBackground, Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kGlasses,
                 Label::kMouth, Label::kLips, Label::kHair, Label::kHat, Label::kCloth});
  double least = 0, most = 0;
  cv::minMaxLoc(sum, &least, &most);
  EXPECT_NEAR(least, 1, 1e-3);
  EXPECT_NEAR(most, 1, 1e-3);
  EXPECT_GT(mattes.of({Label::kSkin}).at<float>(160, 128), 0.99f);
  EXPECT_GT(mattes.of({Label::kBackground}).at<float>(4, 4), 0.99f);
}

TEST(Labels, AreDrawnFromLandmarksWhereThereAreNone) {
  const FaceDrawingInput input = synthetic_face();
  const cv::Mat drawn = labels_or_landmarks(cv::Mat::zeros(256, 256, CV_8U), input.landmarks);
  EXPECT_EQ(drawn.at<uint8_t>(160, 128), static_cast<uint8_t>(Label::kSkin));
  EXPECT_EQ(drawn.at<uint8_t>(115, 97), static_cast<uint8_t>(Label::kEye));
  EXPECT_EQ(labels_or_landmarks(input.labels, input.landmarks).data, input.labels.data);
}

}  // namespace
}  // namespace toonmirror::teachers
