#include "face/detector.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "face/dlib_set.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::read_rgb;
using testing::shared_folder;
using testing::textured_picture;

TEST(Detector, FindsNothingInTextureOrInATinyPicture) {
  Detector detector;
  EXPECT_TRUE(detector.detect(textured_picture({400, 300}, 20, 1)).empty());
  EXPECT_TRUE(detector.detect(cv::Mat(1, 1, CV_8UC3, cv::Scalar::all(0))).empty());
  EXPECT_FALSE(detector.detect_near(textured_picture({400, 300}, 20, 1), {100, 100, 80, 80}, 0).has_value());
}

TEST(Detector, RefusesOtherPicturesAndOptions) {
  Detector detector;
  EXPECT_THROW(detector.detect(cv::Mat()), Error);
  EXPECT_THROW(detector.detect(cv::Mat(90, 90, CV_8UC1)), Error);
  EXPECT_THROW(detector.detect_near(cv::Mat(), {0, 0, 80, 80}, 0), Error);
  EXPECT_THROW(Detector({.min_face_px = 0}), Error);
  EXPECT_THROW(Detector({.max_search_px = 10}), Error);
}

class DetectorMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = shared_folder("TOONMIRROR_MEDIA", "media");
    if (folder_.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
  }
  cv::Mat picture(const char* name) const {
    cv::Mat rgb = read_rgb(folder_ / name);
    EXPECT_FALSE(rgb.empty()) << name;
    return rgb;
  }

  std::filesystem::path folder_;
  Detector detector_;
};

TEST_F(DetectorMedia, CountsFaces) {
  EXPECT_GE(detector_.detect(picture("group_solvay.jpg")).size(), 25U);
  EXPECT_EQ(detector_.detect(picture("group_cc0.jpg")).size(), 6U);
  EXPECT_EQ(detector_.detect(picture("profile.jpg")).size(), 1U);
  EXPECT_EQ(detector_.detect(picture("cartoon_face.png")).size(), 1U);
  EXPECT_EQ(detector_.detect(picture("still_exif6.jpg")).size(), 1U);
  EXPECT_EQ(detector_.detect(picture("still_upside_down.jpg")).size(), 0U);
  EXPECT_EQ(detector_.detect(picture("still_noface.jpg")).size(), 0U);
}

TEST_F(DetectorMedia, EveryInstructionSetFindsTheSameFaces) {
  if (&chosen_dlib_set() == toonmirror_dlib_baseline())
    GTEST_SKIP() << "this processor or build has one set only";
  cv::Mat grey;
  cv::cvtColor(picture("group_cc0.jpg"), grey, cv::COLOR_RGB2GRAY);
  const auto expected = toonmirror_dlib_baseline()->make_hog_search(8)->detect(grey, 0);
  const auto found = chosen_dlib_set().make_hog_search(8)->detect(grey, 0);
  ASSERT_GE(expected.size(), 6U);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].box, expected[i].box);
    EXPECT_NEAR(found[i].score, expected[i].score, 1e-3);
  }
}

TEST_F(DetectorMedia, FindsAKnownFaceAgainFromANearbyBox) {
  const cv::Mat photo = picture("still_exif6.jpg");
  const cv::Rect2f face = detector_.detect(photo).at(0).box;
  for (const cv::Point2f& off : {cv::Point2f(0, 0), {0.15F, 0}, {-0.1F, 0.1F}}) {
    const cv::Rect2f guess(face.tl() + off * face.width, face.size());
    const auto found = detector_.detect_near(photo, guess, 0);
    ASSERT_TRUE(found.has_value());
    EXPECT_GT((found->box & face).area(), 0.6 * face.area());
  }
  EXPECT_FALSE(detector_.detect_near(photo, {0, 500, 80, 80}, 0).has_value());
}

TEST_F(DetectorMedia, BoxesDoNotDependOnTheSearchedSize) {
  const cv::Mat photo = picture("still_exif6.jpg");
  Detector small({.min_face_px = 80, .max_search_px = 120'000});
  const cv::Rect2f fine = detector_.detect(photo).at(0).box;
  const cv::Rect2f coarse = small.detect(photo).at(0).box;
  EXPECT_GT((fine & coarse).area(), 0.6 * std::max(fine.area(), coarse.area()));
}

}  // namespace
}  // namespace toonmirror::face
