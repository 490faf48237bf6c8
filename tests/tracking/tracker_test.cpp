#include "tracking/tracker.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tracking/fixtures.h"

namespace toonmirror::tracking {
namespace {

using face::Face;
using face::kLandmarkCount;

SharedMeshPredictor shared_mesh() { return testing::shared_face_models().mesh; }

const cv::Size kFrame(480, 270);
constexpr double kInterval_s = 0.04;

TEST(Tracker, RefusesOtherPicturesAndOptions) {
  EXPECT_THROW(Tracker(shared_mesh(), {.detect_every = 0}), Error);
  EXPECT_THROW(Tracker(shared_mesh(), {.max_faces = 0}), Error);
  Tracker tracker(shared_mesh());
  EXPECT_THROW(tracker.update(cv::Mat(), 0), Error);
}

TEST(Tracker, FindsNothingInAnEmptyScene) {
  Tracker tracker(shared_mesh());
  const cv::Mat scene = face::testing::textured_picture(kFrame, 30, 3);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(tracker.update(scene, i * kInterval_s).empty());
  }
}

// Films made of portraits that move over a plain wall.
class TrackerMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    const cv::Mat group = testing::group_picture();
    if (group.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder with group_cc0.jpg";
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

  // Of portrait 0 at x = 130.
  static void hide_head(cv::Mat& frame) {
    frame(cv::Rect(175, 22, 130, 140)).setTo(cv::Scalar(120, 126, 130));
  }

  std::vector<Face> show(const cv::Mat& frame) { return tracker_.update(frame, kInterval_s * frames_++); }

  cv::Mat portraits_[2];
  Tracker tracker_{shared_mesh()};
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

TEST_F(TrackerMedia, AFaceThatLeavesFadesAndComesBackWithoutAPop) {
  double shown = 1;
  for (int i = 0; i < 65; ++i) {
    // Slides out to the right, is away, and slides in again.
    const double x = i < 30 ? 180 + 24 * i : 180 + 24 * std::max(0, 45 - i);
    cv::Mat frame = wall();
    put(frame, 0, x);
    const std::vector<Face> faces = show(frame);
    const double now = faces.empty() ? 0 : faces[0].shown;
    EXPECT_LE(std::abs(now - shown), kInterval_s / 0.25 + 1e-9) << i;
    shown = now;
    if (i < 6 || i >= 60) {
      EXPECT_EQ(shown, 1) << i;
    }
    if (i >= 24 && i < 33) {
      EXPECT_EQ(shown, 0) << i;
    }
  }
}

// A board that hides the head, until it is taken away: no cut, since most of the picture stays.
TEST_F(TrackerMedia, AHiddenFaceFadesAndIsTheSameWhenItIsBackWithinASecond) {
  for (int i = 0; i < 50; ++i) {
    cv::Mat frame = wall();
    put(frame, 0, 130);
    if (i >= 10 && i < 28) hide_head(frame);
    const std::vector<Face> faces = show(frame);
    // Not a moment later than it was missed, nor much more than a quarter of a second.
    ASSERT_EQ(faces.size(), i < 18 || i >= 28 ? 1U : 0U) << i;
    if (faces.empty()) continue;
    EXPECT_EQ(faces[0].track_id, 0) << i;
    EXPECT_EQ(faces[0].seen, i < 10 || i >= 28) << i;
  }
}

TEST_F(TrackerMedia, AHiddenFaceIsHeldOrPassedIfThatIsWanted) {
  Tracker holds(shared_mesh(), {.no_face = NoFace::kHold}), passes(shared_mesh(), {.no_face = NoFace::kPass});
  for (int i = 0; i < 60; ++i) {
    cv::Mat frame = wall();
    put(frame, 0, 130);
    if (i >= 10) hide_head(frame);
    const std::vector<Face> held = holds.update(frame, i * kInterval_s);
    ASSERT_EQ(held.size(), 1U) << i;
    EXPECT_EQ(held[0].shown, 1) << i;
    EXPECT_EQ(passes.update(frame, i * kInterval_s).size(), i < 10 ? 1U : 0U) << i;
  }
}

TEST_F(TrackerMedia, ABlurredFaceStays) {
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
  Tracker one(shared_mesh(), {.max_faces = 1});
  cv::Mat frame = wall();
  put(frame, 0, 20);
  put(frame, 1, 250);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(one.update(frame, i * kInterval_s).size(), 1U);
  }
}

}  // namespace
}  // namespace toonmirror::tracking
