#include "toon/driving.h"

#include <gtest/gtest.h>

#include "toon/avatar.h"

namespace toonmirror::toon {
namespace {

constexpr double kInterval_s = 0.04;

// A face as a grid of points, `size` px large.
face::Landmarks face_at(double x, double y, double size) {
  face::Landmarks points;
  for (size_t i = 0; i < points.size(); ++i) {
    points[i] = {x + size * (static_cast<double>(i % 8) / 7 - 0.5),
                 y + size * (static_cast<double>(i / 8) / 8 - 0.5)};
  }
  return points;
}

std::vector<DrivingFrame> frames_of(int count,
                                    const std::function<std::optional<face::Landmarks>(int)>& face) {
  std::vector<DrivingFrame> frames(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    frames[static_cast<size_t>(i)].time_s = i * kInterval_s;
    frames[static_cast<size_t>(i)].landmarks = face(i);
  }
  return frames;
}

TEST(MotionSquare, HoldsTheForeheadToo) {
  const face::FaceSquare square = motion_square(face_at(100, 200, 50));
  EXPECT_NEAR(square.right.x, 0.5 * 1.5 * 1.22 * 50, 1e-9);
  EXPECT_EQ(square.right.y, 0);
  EXPECT_NEAR(square.centre.x, 100, 1e-9);
  EXPECT_LT(square.centre.y, 200);
}

TEST(ChooseSquares, StayAtRestForAFaceThatStaysInside) {
  auto frames = frames_of(100, [](int i) { return face_at(200 + 8 * std::sin(0.3 * i), 150, 100 + i % 3); });
  choose_squares(frames);
  for (const DrivingFrame& frame : frames) {
    EXPECT_EQ(frame.square.centre, frames[0].square.centre);
    EXPECT_EQ(frame.square.right, frames[0].square.right);
  }
}

TEST(ChooseSquares, FollowAFaceThatWalksAway) {
  auto frames = frames_of(200, [](int i) { return face_at(100 + 3 * i + (i % 2 ? 2 : -2), 150, 80); });
  choose_squares(frames);
  for (size_t i = 60; i < 140; ++i) {
    EXPECT_NEAR(frames[i].square.centre.x, 100 + 3.0 * static_cast<double>(i), 6);
    EXPECT_NEAR(frames[i + 1].square.centre.x - frames[i].square.centre.x, 3, 0.5);  // without the trembling
  }
}

TEST(ChooseSquares, BridgeFramesWithoutAFace) {
  auto frames = frames_of(
      50, [](int i) { return i < 10 || i > 20 ? std::optional(face_at(90, 90, 60)) : std::nullopt; });
  choose_squares(frames);
  EXPECT_EQ(frames[15].square.centre, frames[0].square.centre);
}

TEST(SetPresence, HoldsThenEasesOutAndBackIn) {
  auto frames = frames_of(
      100, [](int i) { return i < 10 || i >= 60 ? std::optional(face_at(0, 0, 9)) : std::nullopt; });
  set_presence(frames);
  EXPECT_EQ(frames[5].presence, 1);
  EXPECT_EQ(frames[10 + 9].presence, 1);  // 0.4 s later
  EXPECT_GT(frames[10 + 20].presence, 0);
  EXPECT_EQ(frames[59].presence, 0);
  EXPECT_LT(frames[62].presence, 0.5);
  EXPECT_EQ(frames[80].presence, 1);
  for (size_t i = 1; i < frames.size(); ++i) {
    EXPECT_LE(std::abs(frames[i].presence - frames[i - 1].presence), kInterval_s / 0.3 + 1e-9);
  }
}

TEST(SetPresence, IsNothingBeforeTheFirstFace) {
  auto frames = frames_of(20, [](int i) { return i >= 10 ? std::optional(face_at(0, 0, 9)) : std::nullopt; });
  set_presence(frames);
  EXPECT_EQ(frames[9].presence, 0);
  EXPECT_EQ(frames[10].presence, 1);
}

TEST(BestFrame, IsTheOneWithTheSamePose) {
  Driving driving;
  driving.frames = frames_of(5, [](int i) {
    face::Landmarks points = face_at(10.0 * i, 50, 40.0 + i);
    for (cv::Point2d& point : points)
      point.y += 0.1 * (i - 3) * (point.x - 10.0 * i);  // tilted but for frame 3
    return i == 0 ? std::nullopt : std::optional(points);
  });
  EXPECT_EQ(best_frame(driving, face_at(500, 500, 300)), 3U);
}

}  // namespace
}  // namespace toonmirror::toon
