#include "face/profile_detector.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

TEST(ProfileDetector, RefusesWhatIsNoCascadeAndOtherPictures) {
  EXPECT_THROW(ProfileDetector(TOONMIRROR_SOURCE_DIR "/README.md"), Error);
  ProfileDetector detector(find_profile_cascade());
  EXPECT_THROW(detector.detect(cv::Mat()), Error);
}

TEST(ProfileDetector, FindsNothingOnAWall) {
  ProfileDetector detector(find_profile_cascade());
  EXPECT_TRUE(detector.detect(cv::Mat(200, 300, CV_8UC3, cv::Scalar(120, 126, 130))).empty());
}

TEST(ProfileDetector, FindsAProfileBothWaysRoundAndInLargePictures) {
  const std::filesystem::path folder = testing::shared_folder("TOONMIRROR_MEDIA", "media");
  if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
  const cv::Mat picture = testing::read_rgb(folder / "profile.jpg");
  cv::Mat mirrored, large;
  cv::flip(picture, mirrored, 1);
  cv::resize(picture, large, {}, 2, 2);
  ProfileDetector detector(find_profile_cascade());
  const auto widest = [&](const cv::Mat& rgb) {
    const std::vector<cv::Rect2f> found = detector.detect(rgb);
    const auto best = std::ranges::max_element(found, {}, &cv::Rect2f::width);
    return best == found.end() ? cv::Rect2f() : *best;
  };
  const cv::Rect2f seen = widest(picture), other = widest(mirrored), larger = widest(large);
  ASSERT_GT(seen.width, 0);
  EXPECT_NEAR(other.x + other.width, static_cast<float>(picture.cols) - seen.x, 0.1 * seen.width);
  EXPECT_NEAR(larger.width, 2 * seen.width, 0.4 * seen.width);
}

}  // namespace
}  // namespace toonmirror::face
