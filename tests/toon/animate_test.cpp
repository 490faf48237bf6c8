// Animations of a small untrained model: their times, sound and reports.
#include "toon/animate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "media/fixtures.h"
#include "motion_fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::landmarks_at;
using ::testing::UnorderedElementsAre;

class AnimateTest : public ::testing::Test {
 protected:
  AnimateTest() {
    options_.square = true;
    options_.workers = 2;
    options_.video.preset = "ultrafast";
  }

  // A face that is seen in all frames but the fourth; `info` tells their time base.
  static Driving driving_of(const std::vector<int64_t>& pts, const media::VideoInfo& info) {
    Driving driving;
    driving.info = info;
    for (const int64_t ticks : pts) {
      DrivingFrame& frame = driving.frames.emplace_back();
      frame.pts = ticks;
      frame.duration = 40;
      frame.time_s = static_cast<double>(ticks) * info.time_base.value();
      if (driving.frames.size() != 4) frame.landmarks = landmarks_at(40, 40, 20);
    }
    driving.frames_with_face = static_cast<int64_t>(pts.size()) - (pts.size() > 3 ? 1 : 0);
    choose_squares(driving.frames);
    set_presence(driving.frames);
    return driving;
  }

  DrivingMotion motion_of(Driving driving) {
    DrivingMotion motion{std::move(driving), {}};
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < motion.driving.frames.size(); ++i) {
      const cv::Mat crop = colourful_picture({kMotionSize_px, kMotionSize_px}, static_cast<int>(i));
      motion.key_points.push_back(model_->detect(motion_tensor(crop)));
    }
    return motion;
  }

  AnimateReport animate_to(const std::filesystem::path& output, const DrivingMotion& motion) {
    return animate(avatar_, motion, model_, output, options_);
  }

  nets::MotionModel model_ = testing::small_motion_model(1);
  Avatar avatar_ = testing::small_avatar(model_);
  AnimateOptions options_;
  toonmirror::testing::TemporaryFolder folder_;
};

// There is no file that pictures could be read from.
TEST_F(AnimateTest, TakesItsTimesFromTheDrivingAlone) {
  const std::vector<int64_t> pts = {0, 40, 80, 200, 210, 290};
  const DrivingMotion motion = motion_of(driving_of(pts, media::testing::info_of({})));
  const AnimateReport report = animate_to(folder_ / "out.mp4", motion);
  EXPECT_EQ(report.frames, 6);
  EXPECT_EQ(report.frames_with_face, 5);
  std::vector<std::string> stages;
  for (const StageCost& cost : report.stages) stages.push_back(cost.stage);
  EXPECT_THAT(stages, UnorderedElementsAre("motion", "paste", "encode"));
  const std::vector<media::Frame> frames = media::testing::read_all(folder_ / "out.mp4");
  ASSERT_EQ(frames.size(), pts.size());
  for (size_t i = 0; i < pts.size(); ++i) {
    EXPECT_NEAR(frames[i].seconds(), 0.001 * static_cast<double>(pts[i]), 1e-6);
    EXPECT_EQ(frames[i].width, kMotionSize_px);
  }
}

TEST_F(AnimateTest, SoundIsTheDrivingVideosBitForBit) {
  const std::filesystem::path demo = TOONMIRROR_SOURCE_DIR "/assets/demo.mp4";
  const media::VideoInfo info = media::VideoReader(demo).info();
  const int64_t ticks = info.time_base.den / 25 / info.time_base.num;
  animate_to(folder_ / "out.mp4", motion_of(driving_of({0, ticks, 2 * ticks, 4 * ticks}, info)));
  const auto sound_of = [](const std::filesystem::path& path) {
    return media::testing::contents(media::testing::stored(path).of_type(AVMEDIA_TYPE_AUDIO).at(0));
  };
  EXPECT_EQ(sound_of(folder_ / "out.mp4"), sound_of(demo));
}

TEST_F(AnimateTest, ReportsTheDamageOfTheDrivingVideo) {
  Driving driving = driving_of({0, 40}, media::testing::info_of({}));
  driving.warnings = {"clip.mp4: is cut off"};
  EXPECT_THAT(animate_to(folder_ / "out.mp4", motion_of(driving)).warnings,
              ElementsAre("clip.mp4: is cut off"));
}

TEST_F(AnimateTest, RefusesPicturesThatNoVideoHolds) {
  options_.square = false;
  avatar_.picture = cv::Mat(20, 5000, CV_8UC3, cv::Scalar::all(0));
  const DrivingMotion motion = motion_of(driving_of({0, 40}, media::testing::info_of({})));
  EXPECT_THAT(media::testing::error_of([&] { animate_to(folder_ / "out.mp4", motion); }),
              HasSubstr("5000 px"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

class DetectMotionTest : public AnimateTest {
 protected:
  // Of a clip with 64x48 pictures, five of them.
  Driving driving_of_clip(const std::vector<int64_t>& pts) {
    media::testing::write_clip(folder_ / "clip.mp4", {});
    return driving_of(pts, media::VideoReader(folder_ / "clip.mp4").info());
  }
};

TEST_F(DetectMotionTest, BridgesFramesWithoutAFace) {
  const DrivingMotion motion = detect_motion(driving_of_clip({0, 40, 80, 120, 160}), model_, true, 2);
  ASSERT_EQ(motion.key_points.size(), 5U);
  EXPECT_TRUE(at::equal(motion.key_points[3].value, motion.key_points[2].value));
  EXPECT_FALSE(at::equal(motion.key_points[2].value, motion.key_points[1].value));
}

TEST_F(DetectMotionTest, SaysWhenTheVideoIsAnotherByNow) {
  Driving driving = driving_of_clip({0, 40, 80, 120, 160, 200, 240});
  EXPECT_THAT(media::testing::error_of([&] { detect_motion(std::move(driving), model_, true, 1); }),
              HasSubstr("has changed"));
}

}  // namespace
}  // namespace toonmirror::toon
