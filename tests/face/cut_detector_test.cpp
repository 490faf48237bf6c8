#include "face/cut_detector.h"

#include <gtest/gtest.h>

#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::textured_picture;

TEST(CutDetector, TheFirstFrameIsNoCut) {
  EXPECT_FALSE(CutDetector().is_cut(textured_picture({320, 240}, 40, 1)));
}

TEST(CutDetector, MotionAndNoiseAreNoCut) {
  const cv::Mat scene = textured_picture({800, 400}, 60, 2);
  CutDetector detector;
  for (int i = 0; i < 30; ++i) {
    cv::Mat frame = scene(cv::Rect(10 * i, 2 * i, 320, 240)).clone();
    cv::Mat noise(frame.size(), frame.type());
    cv::RNG(i).fill(noise, cv::RNG::UNIFORM, 0, 12);
    frame += noise;
    EXPECT_FALSE(detector.is_cut(frame)) << i;
  }
}

TEST(CutDetector, FindsTheFrameOfACut) {
  const cv::Mat dark = textured_picture({320, 240}, 40, 3) * 0.5;
  const cv::Mat bright = textured_picture({320, 240}, 40, 4) * 0.5 + cv::Scalar(100, 100, 100);
  CutDetector detector;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(detector.is_cut(i < 10 ? dark : bright), i == 10) << i;
  }
}

TEST(CutDetector, FindsACutToBlackAndBack) {
  const cv::Mat scene = textured_picture({320, 240}, 40, 5);
  const cv::Mat black(240, 320, CV_8UC3, cv::Scalar::all(0));
  CutDetector detector;
  EXPECT_FALSE(detector.is_cut(scene));
  EXPECT_TRUE(detector.is_cut(black));
  EXPECT_FALSE(detector.is_cut(black));
  EXPECT_TRUE(detector.is_cut(scene));
}

}  // namespace
}  // namespace toonmirror::face
