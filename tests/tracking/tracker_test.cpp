#include "face/tracker.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::read_rgb;
using testing::shared_folder;
using testing::shared_predictor;

const cv::Size kFrame(480, 270);
constexpr double kInterval_s = 0.04;

TEST(Tracker, RefusesOtherPicturesAndOptions) {
  EXPECT_THROW(Tracker(shared_predictor(), {.detect_every = 0}), Error);
  EXPECT_THROW(Tracker(shared_predictor(), {.max_faces = 0}), Error);
  Tracker tracker(shared_predictor());
  EXPECT_THROW(tracker.update(cv::Mat(), 0), Error);
}

TEST(Tracker, FindsNothingInAnEmptyScene) {
  Tracker tracker(shared_predictor());
  const cv::Mat scene = testing::textured_picture(kFrame, 30, 3);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(tracker.update(scene, i * kInterval_s).empty());
  }
}

// Films made of portraits that move over a plain wall.
class TrackerMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = shared_folder("TOONMIRROR_MEDIA", "media");
    if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
    const cv::Mat group = read_rgb(folder / "group_cc0.jpg");
    ASSERT_FALSE(group.empty());
    // Two of its six tiles, each a portrait 210 px wide.
    const cv::Size tile(group.cols / 3, group.rows / 2);
    cv::resize(group(cv::Rect({0, 0}, tile)), portraits_[0], {210, 210}, 0, 0, cv::INTER_AREA);
    cv::resize(group(cv::Rect({0, tile.height}, tile)), portraits_[1], {210, 210}, 0, 0, cv::INTER_AREA);
  }

  static cv::Mat wall() { return {kFrame, CV_8UC3, cv::Scalar(120, 126, 130)}; }

  // Draws a portrait with its top left corner at a place between pixels, cut off at the frame.
  void put(cv::Mat& frame, int portrait, double x, double y = 30) const {
    cv::warpAffine(portraits_[portrait], frame, cv::Matx23d(1, 0, x, 0, 1, y), kFrame, cv::INTER_LINEAR,
                   cv::BORDER_TRANSPARENT);
  }

  std::vector<Face> show(const cv::Mat& frame) { return tracker_.update(frame, kInterval_s * frames_++); }

  cv::Mat portraits_[2];
  Tracker tracker_{shared_predictor()};
  int frames_ = 0;
};

TEST_F(TrackerMedia, AFaceAtRestDoesNotTremble) {
  std::vector<cv::Point2d> centres;
  for (int i = 0; i < 30; ++i) {
    cv::Mat frame = wall();
    put(frame, 0, 130);
    cv::Mat noise(kFrame, CV_16SC3);
    cv::RNG(i + 1).fill(noise, cv::RNG::NORMAL, 0, 5);
    cv::add(frame, noise, frame, cv::noArray(), CV_8U);
    const std::vector<Face> faces = show(frame);
    ASSERT_EQ(faces.size(), 1U) << i;
    EXPECT_EQ(faces[0].track_id, 0);
    centres.push_back(faces[0].square.centre);
  }
  for (size_t i = 2; i < centres.size(); ++i) {
    EXPECT_LT(cv::norm(centres[i] - 2 * centres[i - 1] + centres[i - 2]), 0.5) << i;
  }
}

TEST_F(TrackerMedia, FollowsQuickMotionWithinItsBounds) {
  std::optional<Face> first;
  for (int i = 0; i < 30; ++i) {
    // To and fro by up to 20 px a frame: the head's width in half a second.
    const cv::Point2d shift(130 + 130 * std::sin(i * 0.155), 30 + 15 * std::sin(i * 0.4));
    cv::Mat frame = wall();
    put(frame, 0, shift.x, shift.y);
    const std::vector<Face> faces = show(frame);
    ASSERT_EQ(faces.size(), 1U) << i;
    EXPECT_EQ(faces[0].track_id, 0);
    if (!first) {
      first = faces[0];
      continue;
    }
    const cv::Point2d moved = shift - cv::Point2d(130, 30);
    const double side = 2 * cv::norm(faces[0].square.right);
    EXPECT_LT(cv::norm(faces[0].square.centre - first->square.centre - moved), 0.05 * side) << i;
    double error = 0;
    for (int k = 0; k < kLandmarkCount; ++k) {
      error += cv::norm(faces[0].landmarks[k] - first->landmarks[k] - moved) / kLandmarkCount;
    }
    EXPECT_LT(error, 0.025 * side) << i;
  }
}

TEST_F(TrackerMedia, TwoFacesThatMeetKeepTheirIdentities) {
  for (int i = 0; i < 40; ++i) {
    // They come together until the portraits overlap by a third, and part again.
    const double apart = 105 + 35 * std::cos(i * std::numbers::pi / 20);
    cv::Mat frame = wall();
    put(frame, 0, 135 - apart);
    put(frame, 1, 135 + apart);
    const std::vector<Face> faces = show(frame);
    ASSERT_EQ(faces.size(), 2U) << i;
    EXPECT_EQ(faces[0].track_id, 0);
    EXPECT_EQ(faces[1].track_id, 1);
    const bool first_is_left = faces[0].square.centre.x < faces[1].square.centre.x;
    static bool left_at_start;
    if (i == 0) left_at_start = first_is_left;
    EXPECT_EQ(first_is_left, left_at_start) << i;
  }
}

TEST_F(TrackerMedia, NoGhostStaysWhereAFaceHasLeft) {
  std::set<int> ids;
  for (int i = 0; i < 45; ++i) {
    // Slides out to the right until frame 20, is away until 30, and comes back.
    const double x = i < 20 ? 180 + 18 * i : (i < 30 ? 1000 : 180);
    cv::Mat frame = wall();
    put(frame, 0, x);
    const std::vector<Face> faces = show(frame);
    if (i < 8 || i >= 30) {
      ASSERT_EQ(faces.size(), 1U) << i;
      ids.insert(faces[0].track_id);
    }
    if (i >= 18 && i < 30) {
      EXPECT_TRUE(faces.empty()) << i;
    }
  }
  EXPECT_EQ(ids.size(), 2U);
}

TEST_F(TrackerMedia, AFaceThatVanishesOnTheSpotIsLostWithinTheHoldTime) {
  for (int i = 0; i < 30; ++i) {
    cv::Mat frame = wall();
    if (i < 10) put(frame, 0, 130);
    const std::vector<Face> faces = show(frame);
    EXPECT_EQ(faces.size(), i < 10 ? 1U : 0U) << i;
  }
}

TEST_F(TrackerMedia, AShortLossOfTheDetectorIsBridged) {
  for (int i = 0; i < 24; ++i) {
    cv::Mat frame = wall();
    put(frame, 0, 130);
    if (i >= 12 && i < 17) cv::GaussianBlur(frame, frame, {}, 9);
    const std::vector<Face> faces = show(frame);
    ASSERT_EQ(faces.size(), 1U) << i;
    EXPECT_EQ(faces[0].track_id, 0) << i;
  }
}

TEST_F(TrackerMedia, AHardCutStartsNewFacesAtOnce) {
  for (int i = 0; i < 12; ++i) {
    cv::Mat frame = wall();
    put(frame, 0, 130);
    if (i >= 6) {
      frame = cv::Mat(kFrame, CV_8UC3, cv::Scalar(20, 40, 20));
      put(frame, 1, 140);
    }
    const std::vector<Face> faces = show(frame);
    ASSERT_EQ(faces.size(), 1U) << i;
    EXPECT_EQ(faces[0].track_id, i < 6 ? 0 : 1) << i;
  }
}

TEST_F(TrackerMedia, AGapInTimeAndAResetAreCutsAndIdsAreNotUsedAgain) {
  cv::Mat frame = wall();
  put(frame, 0, 130);
  EXPECT_EQ(tracker_.update(frame, 10).at(0).track_id, 0);
  EXPECT_EQ(tracker_.update(frame, 10.04).at(0).track_id, 0);
  EXPECT_EQ(tracker_.update(frame, 12).at(0).track_id, 1);
  EXPECT_EQ(tracker_.update(frame, 5).at(0).track_id, 2);
  tracker_.reset();
  EXPECT_EQ(tracker_.update(frame, 5.04).at(0).track_id, 3);
}

TEST_F(TrackerMedia, FollowsNoMoreFacesThanAsked) {
  Tracker one(shared_predictor(), {.max_faces = 1});
  cv::Mat frame = wall();
  put(frame, 0, 20);
  put(frame, 1, 250);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(one.update(frame, i * kInterval_s).size(), 1U);
  }
}

}  // namespace
}  // namespace toonmirror::face
