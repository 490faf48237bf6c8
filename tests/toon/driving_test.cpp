#include "toon/driving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "fixtures.h"
#include "media/fixtures.h"
#include "nets/face_mesh_points.h"
#include "support/face_mesh.h"
#include "toon/avatar.h"
#include "toon/pictures.h"

namespace toonmirror::toon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::shared_face_models;
using toonmirror::testing::TemporaryFolder;

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

TEST(MotionSquare, MovesAndGrowsWithTheFace) {
  const face::Landmarks points = face_at(100, 200, 50);
  const face::FaceSquare square = motion_square(points);
  for (const double scale : {0.1, 3.0}) {
    const cv::Point2d shift(-40, 700);
    face::Landmarks moved;
    for (size_t i = 0; i < points.size(); ++i) moved[i] = scale * points[i] + shift;
    const face::FaceSquare expected = {scale * square.centre + shift, scale * square.right};
    EXPECT_LT(cv::norm(motion_square(moved).centre - expected.centre), 1e-9);
    EXPECT_LT(cv::norm(motion_square(moved).right - expected.right), 1e-9);
  }
}

TEST(MotionSquare, AroundSeveralFacesHoldsThemAll) {
  const face::Landmarks one = face_at(100, 200, 50), other = face_at(140, 220, 60);
  const face::FaceSquare around = motion_square(landmark_box(one) | landmark_box(other));
  for (const face::Landmarks& points : {one, other}) {
    for (const cv::Point2d& point : points) {
      const cv::Point2d from_centre = point - around.centre;
      EXPECT_LT(std::max(std::abs(from_centre.x), std::abs(from_centre.y)), around.right.x);
    }
  }
  EXPECT_EQ(motion_square(landmark_box(one)).centre, motion_square(one).centre);
  EXPECT_GT(around.right.x, motion_square(other).right.x);
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

Avatar avatar_with(const face::Landmarks& landmarks) {
  Avatar avatar;
  avatar.landmarks = landmarks;
  return avatar;
}

// A shut mouth belongs to a shut mouth, however the rest of the faces may differ.
TEST(ReferenceFrames, HaveTheSameLook) {
  const at::Tensor mesh = toonmirror::testing::synthetic_mesh();
  const auto with_mouth = [&](double open) {
    at::Tensor result = mesh.clone();
    for (size_t k = 1; k < nets::kInnerLips.size() / 2; ++k) result[nets::kInnerLips[k]][1] += open;
    return result;
  };
  Avatar avatar;
  avatar.source.key_points.mesh = with_mouth(0.01).unsqueeze(0);
  Driving driving;
  for (const double open : {0.3, 0.2, 0.02, 0.1}) {
    DrivingFrame frame;
    frame.landmarks = face_at(100, 100, 80);
    frame.square = {{100, 100}, {50, 0}};
    const at::Tensor points = with_mouth(open) * 50 + 100;
    for (int64_t i = 0; i < points.size(0); ++i) {
      frame.mesh.emplace_back(points[i][0].item<float>(), points[i][1].item<float>(),
                              points[i][2].item<float>());
    }
    driving.frames.push_back(frame);
  }
  EXPECT_THAT(reference_frames(driving, avatar, /*first=*/false), ElementsAre(2, 2, 2, 2));
}

TEST(ReferenceFrames, AreOfTheSameShot) {
  Driving driving;
  driving.frames = frames_of(6, [](int i) {
    face::Landmarks points = face_at(10.0 * i, 50, 40);
    for (cv::Point2d& point : points)
      point.y += 0.1 * (i % 3 - 1) * (point.x - 10.0 * i);  // tilted but for 1 and 4
    return i == 0 ? std::nullopt : std::optional(points);
  });
  for (int i = 3; i < 6; ++i) driving.frames[static_cast<size_t>(i)].shot = 1;
  EXPECT_THAT(reference_frames(driving, avatar_with(face_at(500, 500, 300)), /*first=*/false),
              ElementsAre(1, 1, 1, 4, 4, 4));
  EXPECT_THAT(reference_frames(driving, avatar_with(face_at(500, 500, 300)), /*first=*/true),
              ElementsAre(1, 1, 1, 3, 3, 3));
}

TEST(ChooseSquares, HasASizeForEachShot) {
  auto frames = frames_of(20, [](int i) { return std::optional(face_at(100, 100, i < 10 ? 40 : 80)); });
  for (size_t i = 10; i < 20; ++i) frames[i].shot = 1;
  choose_squares(frames);
  EXPECT_NEAR(frames[15].square.right.x, 2 * frames[5].square.right.x, 1e-6);
}

TEST(ReferenceFrames, HaveTheSamePose) {
  Driving driving;
  driving.frames = frames_of(5, [](int i) {
    face::Landmarks points = face_at(10.0 * i, 50, 40.0 + i);
    for (cv::Point2d& point : points)
      point.y += 0.1 * (i - 3) * (point.x - 10.0 * i);  // tilted but for frame 3
    return i == 0 ? std::nullopt : std::optional(points);
  });
  EXPECT_THAT(reference_frames(driving, avatar_with(face_at(500, 500, 300)), /*first=*/false),
              ::testing::Each(::testing::Eq(3U)));
}

// The first pictures of the synthetic face that ships, in a clip of that shape.
void write_face_clip(const std::filesystem::path& path, const media::testing::ClipShape& shape) {
  media::VideoReader demo(TOONMIRROR_SOURCE_DIR "/assets/demo.mp4");
  media::VideoWriter writer(path, media::testing::info_of(shape), {.preset = "ultrafast"});
  for (const int64_t pts : shape.pts) {
    media::Frame frame;
    ASSERT_TRUE(demo.read(frame));
    cv::Mat picture;
    cv::resize(picture_of(frame), picture, {shape.width, shape.height}, 0, 0, cv::INTER_AREA);
    media::Frame result;
    set_picture(result, picture);
    result.pts = pts;
    result.duration = 40;
    writer.write(result);
  }
  writer.commit();
}

TEST(AnalyseDriving, KeepsTheTimesOfTheVideo) {
  const TemporaryFolder folder;
  const std::vector<int64_t> pts = {0, 40, 80, 210, 220, 300};
  write_face_clip(folder / "face.mp4", {.width = 256, .height = 256, .pts = pts});
  const Driving driving = analyse_driving(folder / "face.mp4", shared_face_models());
  EXPECT_THAT(driving.warnings, IsEmpty());
  EXPECT_EQ(driving.frames_with_face, 6);
  const std::vector<media::Frame> expected = media::testing::read_all(folder / "face.mp4");
  ASSERT_EQ(driving.frames.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(driving.frames[i].pts, expected[i].pts);
    EXPECT_EQ(driving.frames[i].duration, expected[i].duration);
    EXPECT_NEAR(driving.frames[i].time_s, 0.001 * static_cast<double>(pts[i]), 1e-3);
    EXPECT_NEAR(static_cast<double>(driving.frames[i].pts) * driving.info.time_base.value(),
                driving.frames[i].time_s, 1e-9);
  }
}

TEST(AnalyseDriving, SeesPicturesInSquarePixels) {
  const TemporaryFolder folder;
  write_face_clip(folder / "square.mp4", {.width = 256, .height = 256});
  write_face_clip(folder / "narrow.mp4", {.width = 128, .height = 256, .sample_aspect = {2, 1}});
  const Driving square = analyse_driving(folder / "square.mp4", shared_face_models());
  const Driving narrow = analyse_driving(folder / "narrow.mp4", shared_face_models());
  EXPECT_EQ(narrow.info.width, 256);
  EXPECT_EQ(narrow.info.height, 256);
  EXPECT_EQ(narrow.info.sample_aspect, (media::Rational{1, 1}));
  ASSERT_EQ(narrow.frames_with_face, 5);
  for (size_t i = 0; i < narrow.frames.size(); ++i) {
    double sum_px = 0;
    for (size_t k = 0; k < face::kLandmarkCount; ++k) {
      sum_px += cv::norm((*narrow.frames[i].landmarks)[k] - (*square.frames[i].landmarks)[k]);
    }
    EXPECT_LT(sum_px / face::kLandmarkCount, 4);
    EXPECT_NEAR(narrow.frames[i].square.right.x, square.frames[i].square.right.x, 4);
  }
}

TEST(AnalyseDriving, TellsOfDamage) {
  const TemporaryFolder folder;
  std::vector<int64_t> pts;
  for (int i = 0; i < 16; ++i) pts.push_back(200 * i);
  write_face_clip(folder / "face.mp4", {.width = 256, .height = 256, .pts = pts});
  const std::string content = toonmirror::testing::read_file(folder / "face.mp4");
  const auto cut = folder.write("cut.mp4", content.substr(0, content.size() * 8 / 10));
  const Driving driving = analyse_driving(cut, shared_face_models());
  EXPECT_LT(driving.frames.size(), pts.size());
  EXPECT_THAT(driving.warnings, ElementsAre(HasSubstr("cut.mp4")));
}

}  // namespace
}  // namespace toonmirror::toon
