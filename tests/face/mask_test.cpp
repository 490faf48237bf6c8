#include "face/mask.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::face_at;

constexpr int kSize = 256;

// A face where FFHQ alignment puts it.
Landmarks aligned_face() {
  const Landmarks face = face_at({0, 0}, 100);
  return transform(align_ffhq(face, kSize).crop_from_frame, face);
}

// A head as a drawing in the crop, and the labels that belong to it.
struct Scene {
  cv::Mat picture{kSize, kSize, CV_8UC3, cv::Scalar(130, 150, 180)};
  cv::Mat labels{kSize, kSize, CV_8U, cv::Scalar(0)};

  Scene() {
    draw(
        [](cv::Mat& m, const cv::Scalar& c) {
          cv::ellipse(m, {128, 118}, {90, 100}, 0, 0, 360, c, -1);
        },
        Label::kHair, {60, 40, 20});
    draw(
        [](cv::Mat& m, const cv::Scalar& c) {
          cv::ellipse(m, {128, 140}, {70, 80}, 0, 0, 360, c, -1);
        },
        Label::kSkin, {220, 170, 140});
    draw(
        [](cv::Mat& m, const cv::Scalar& c) {
          cv::rectangle(m, {98, 200}, {158, 255}, c, -1);
        },
        Label::kSkin, {220, 170, 140});
  }

  template <typename Shape>
  void draw(const Shape& shape, Label label, const cv::Scalar& colour) {
    shape(labels, cv::Scalar(static_cast<int>(label)));
    shape(picture, colour);
  }

  cv::Mat probabilities() const {
    std::vector<cv::Mat> channels;
    for (int label = 0; label < kLabelCount; ++label) {
      cv::Mat channel;
      cv::Mat(labels == label).convertTo(channel, CV_32F, 1 / 255.0);
      cv::resize(channel, channel, {64, 64}, 0, 0, cv::INTER_AREA);
      channels.push_back(channel);
    }
    cv::Mat merged;
    cv::merge(channels, merged);
    return merged;
  }
};

void expect_valid(const cv::Mat& mask) {
  ASSERT_EQ(mask.type(), CV_32FC1);
  double least = 0, most = 0;
  cv::minMaxLoc(mask, &least, &most);
  EXPECT_GE(least, 0);
  EXPECT_LE(most, 1);
  for (const cv::Mat& edge : {mask.row(0), mask.row(mask.rows - 1), mask.col(0), mask.col(mask.cols - 1)}) {
    EXPECT_EQ(cv::countNonZero(edge), 0);
  }
}

TEST(Mask, AllFallToZeroAtTheBorderEvenWhenTheFaceFillsTheCrop) {
  expect_valid(mask_square(100));
  expect_valid(mask_from_landmarks(face_at({64, 40}, 200), 128));
  Scene scene;
  scene.labels.setTo(static_cast<int>(Label::kHair));
  expect_valid(mask_from_labels(scene.labels, scene.picture, aligned_face()));
}

TEST(Mask, NoSeam_TheSlopeIsGentle) {
  for (const cv::Mat& mask : {mask_square(kSize), mask_from_landmarks(aligned_face(), kSize)}) {
    cv::Mat steps;
    cv::absdiff(mask.colRange(1, kSize), mask.colRange(0, kSize - 1), steps);
    double steepest = 0;
    cv::minMaxLoc(steps, nullptr, &steepest);
    EXPECT_LT(steepest, 0.13);
  }
}

TEST(MaskFromLandmarks, CoversFeaturesAndForeheadButNotTheBackground) {
  const Landmarks face = aligned_face();
  const cv::Mat mask = mask_from_landmarks(face, kSize);
  for (int i = 17; i < kLandmarkCount; ++i) {
    EXPECT_GT(mask.at<float>(cv::Point(face[i])), 0.9F) << i;
  }
  const cv::Point2d forehead = (face[21] + face[22]) * 0.5 + 0.4 * (face[27] - face[33]);
  EXPECT_GT(mask.at<float>(cv::Point(forehead)), 0.9F);
  EXPECT_LT(mask.at<float>(10, 10), 0.01F);
  EXPECT_LT(mask.at<float>(128, 8), 0.01F);
}

TEST(MaskFromLandmarks, DoesNotDependOnTheResolution) {
  const Landmarks face = aligned_face();
  cv::Mat half;
  cv::resize(mask_from_landmarks(face, kSize), half, {kSize / 2, kSize / 2}, 0, 0, cv::INTER_AREA);
  const Landmarks in_half = transform(cv::Matx23d(0.5, 0, -0.25, 0, 0.5, -0.25), face);
  EXPECT_LT(cv::norm(half, mask_from_landmarks(in_half, kSize / 2), cv::NORM_INF), 0.1);
}

TEST(MaskFromLabels, CoversTheHeadFromProbabilitiesAndFromDecisions) {
  const Scene scene;
  for (const cv::Mat& labels : {scene.probabilities(), scene.labels}) {
    const cv::Mat mask = mask_from_labels(labels, scene.picture, aligned_face());
    expect_valid(mask);
    EXPECT_GT(mask.at<float>(140, 128), 0.95F);  // face
    EXPECT_GT(mask.at<float>(32, 128), 0.95F);   // hair
    EXPECT_GT(mask.at<float>(118, 45), 0.9F);    // hair at the side
    EXPECT_LT(mask.at<float>(60, 16), 0.05F);    // background
    EXPECT_LT(mask.at<float>(250, 128), 0.2F);   // the neck has faded out
  }
}

TEST(MaskFromLabels, AHandInFrontStaysAHand) {
  Scene scene;
  scene.draw(
      [](cv::Mat& m, const cv::Scalar& c) {
        cv::rectangle(m, {120, 150}, {200, 255}, c, -1);
      },
      Label::kBackground, {150, 200, 160});
  const cv::Mat mask = mask_from_labels(scene.probabilities(), scene.picture, aligned_face());
  EXPECT_LT(mask.at<float>(190, 150), 0.05F);
  EXPECT_GT(mask.at<float>(120, 100), 0.95F);
}

TEST(MaskFromLabels, FillsSpecksAndDropsOtherHeads) {
  Scene scene;
  scene.labels(cv::Rect(110, 120, 8, 8)).setTo(0);
  scene.labels(cv::Rect(2, 200, 40, 50)).setTo(static_cast<int>(Label::kSkin));
  const cv::Mat mask = mask_from_labels(scene.labels, scene.picture, aligned_face());
  EXPECT_GT(mask.at<float>(124, 114), 0.9F);
  EXPECT_LT(mask.at<float>(225, 24), 0.05F);
}

TEST(MaskFromLabels, TheEdgeFollowsThePhoto) {
  Scene scene;
  const cv::Mat exact = mask_from_labels(scene.labels, scene.picture, aligned_face());
  // The parser's outline is off by a few pixels; the picture still shows where the head ends.
  cv::Mat shifted;
  cv::warpAffine(scene.labels, shifted, cv::Matx23d(1, 0, 4, 0, 1, 0), scene.labels.size(),
                 cv::INTER_NEAREST);
  const cv::Mat guided = mask_from_labels(shifted, scene.picture, aligned_face());
  cv::Mat flat(scene.picture.size(), CV_8UC3, cv::Scalar::all(128));
  const cv::Mat unguided = mask_from_labels(shifted, flat, aligned_face());
  EXPECT_LT(cv::norm(guided, exact, cv::NORM_L1), 0.8 * cv::norm(unguided, exact, cv::NORM_L1));
}

TEST(MaskFromLabels, WithoutAHeadItIsTheLandmarksMask) {
  const Scene scene;
  const cv::Mat mask = mask_from_labels(cv::Mat(64, 64, CV_8U, cv::Scalar(0)), scene.picture, aligned_face());
  EXPECT_EQ(cv::norm(mask, mask_from_landmarks(aligned_face(), kSize), cv::NORM_INF), 0);
}

TEST(Mask, RefusesOtherTypesAndTinyCrops) {
  const Scene scene;
  EXPECT_THROW(mask_square(4), Error);
  EXPECT_THROW(mask_from_landmarks(aligned_face(), 0), Error);
  EXPECT_THROW(mask_from_labels(cv::Mat(), scene.picture, aligned_face()), Error);
  EXPECT_THROW(mask_from_labels(cv::Mat(64, 64, CV_32FC3), scene.picture, aligned_face()), Error);
  EXPECT_THROW(mask_from_labels(scene.labels, cv::Mat(256, 200, CV_8UC3), aligned_face()), Error);
}

}  // namespace
}  // namespace toonmirror::face
