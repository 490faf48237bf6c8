#include "live/mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/model_path.h"
#include "live/quality.h"
#include "live/recorder.h"
#include "media/live_sound.h"
#include "media/video_reader.h"
#include "toon/fixtures.h"

namespace toonmirror::live {
namespace {

using std::chrono::milliseconds;
using toon::testing::colourful_picture;
using toon::testing::largest_difference;
using toon::testing::SmallModels;
using Clock = std::chrono::steady_clock;

const std::string kDemo = TOONMIRROR_SOURCE_DIR "/assets/demo.mp4";

// The synthetic face as the camera.
class LiveMirrorTest : public ::testing::Test {
 protected:
  LiveMirrorTest() {
    LiveOptions options;
    options.workers = 2;
    options.motion_model = find_model("motion", ".safetensors");
    mirror_ = std::make_unique<LiveMirror>(
        std::make_shared<media::Capture>(media::LiveInputOptions{.source = "test"}),
        std::make_shared<toon::Toonifier>(models_.style()), toon::testing::shared_face_models(), options);
  }

  // Waits for a picture that fulfils `wanted`.
  template <typename Wanted>
  std::optional<LivePicture> wait_for(Wanted wanted) {
    const auto end = Clock::now() + std::chrono::seconds(60);
    while (Clock::now() < end) {
      std::optional<LivePicture> picture = mirror_->wait(milliseconds(100));
      if (picture && wanted(*picture)) return picture;
    }
    return std::nullopt;
  }

  static bool changed(const LivePicture& picture) {
    return picture.before.size() == picture.after.size() &&
           largest_difference(picture.before, picture.after) > 20;
  }

  SmallModels models_;
  std::unique_ptr<LiveMirror> mirror_;
};

TEST_F(LiveMirrorTest, DrawsTheFacesOfTheNewestPicture) {
  int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const std::optional<LivePicture> picture =
        wait_for([](const LivePicture& p) { return p.faces == 1 && changed(p); });
    ASSERT_TRUE(picture);
    EXPECT_GT(picture->index, last);
    last = picture->index;
  }
  const LiveStatistics statistics = mirror_->statistics();
  EXPECT_GE(statistics.drawn, 5);
  EXPECT_FALSE(statistics.stages.empty());
}

TEST_F(LiveMirrorTest, ObeysChangesWhileItRuns) {
  ASSERT_TRUE(wait_for(changed));
  LiveSettings settings = mirror_->settings();
  settings.square = true;
  mirror_->set(settings);
  EXPECT_TRUE(wait_for([](const LivePicture& p) { return p.after.size() == cv::Size(32, 32); }));
  settings.square = false;
  settings.mix_share = 1;
  mirror_->set(settings);
  EXPECT_TRUE(wait_for(changed));
  mirror_->mix_with(toon::Toonifier(models_.style()).latent_of_seed(3));
  mirror_->set(settings);
  toon::Style style = mirror_->style();
  for (const int64_t resolution : {4, 8, 16, 32}) {
    style.blend.method = toon::Blend::Method::kPinkney;
    style.blend.resolution = resolution;
    style.psi = 0.5;
    mirror_->restyle(style);
  }
  EXPECT_EQ(mirror_->style().blend.resolution, 32);
  EXPECT_TRUE(wait_for(changed));
  style.psi = -1;
  EXPECT_THROW(mirror_->restyle(style), Error);
  mirror_->use(std::make_shared<toon::Toonifier>(models_.style()));
  EXPECT_TRUE(wait_for(changed));
}

TEST_F(LiveMirrorTest, MovesACapturedFace) {
  EXPECT_THROW(mirror_->export_avatar(models_.folder() / "none.safetensors").get(), Error);
  LiveSettings settings = mirror_->settings();
  settings.mode = LiveMode::kPuppet;
  mirror_->set(settings);
  ASSERT_TRUE(wait_for([&](const LivePicture&) { return mirror_->statistics().has_avatar; }));
  const std::optional<LivePicture> first = wait_for([](const LivePicture&) { return true; });
  ASSERT_TRUE(first);
  // The synthetic face moves, and so does the avatar.
  EXPECT_TRUE(wait_for([&](const LivePicture& p) {
    return p.after.size() == first->after.size() && largest_difference(p.after, first->after) > 10;
  }));
  mirror_->recalibrate();
  mirror_->export_avatar(models_.folder() / "avatar.safetensors").get();
  EXPECT_TRUE(std::filesystem::exists(models_.folder() / "avatar.safetensors"));

  settings.mode = LiveMode::kAnimate;
  mirror_->set(settings);
  ASSERT_TRUE(wait_for([&](const LivePicture&) { return !mirror_->statistics().message.empty(); }))
      << "no word of the missing driving video";
  mirror_->drive_with(kDemo);
  const std::optional<LivePicture> driven = wait_for([](const LivePicture&) { return true; });
  ASSERT_TRUE(driven);
  EXPECT_TRUE(
      wait_for([&](const LivePicture& p) { return largest_difference(p.after, driven->after) > 10; }));
  settings.mode = LiveMode::kMirror;
  mirror_->set(settings);
  EXPECT_TRUE(wait_for([](const LivePicture& p) { return p.faces == 1 && changed(p); }));
}

TEST_F(LiveMirrorTest, ARequestThatFailsIsToldAndLeavesTheNextOnesToBeDone) {
  ASSERT_TRUE(wait_for(changed));
  toon::Style style = mirror_->style();
  style.blend.method = toon::Blend::Method::kLayers;
  style.blend.weights.assign(100, 1.0);  // more than the generator has layers
  mirror_->restyle(style);
  std::future<void> written = mirror_->export_avatar(models_.folder() / "none.safetensors");
  EXPECT_THROW(written.get(), Error);  // of which there is none yet
  EXPECT_FALSE(mirror_->statistics().message.empty());
  EXPECT_TRUE(wait_for(changed));
}

TEST_F(LiveMirrorTest, ChangesItsCamera) {
  ASSERT_TRUE(wait_for(changed));
  mirror_->look_at(std::make_shared<media::Capture>(media::LiveInputOptions{.source = kDemo}));
  EXPECT_TRUE(wait_for([](const LivePicture& p) { return p.before.size() == cv::Size(512, 512); }));
}

TEST(LiveQuality, GivesUpAndTakesBackOneStepAtATime) {
  LiveQuality quality(30);
  auto now = Clock::now();
  const auto run = [&](double fps, double seconds) {
    for (double t = 0; t < seconds; t += 1 / fps) {
      now += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / fps));
      quality.count(now);
    }
  };
  run(30, 5);
  EXPECT_EQ(quality.describe(), "full");
  run(15, 2.5);
  EXPECT_EQ(quality.describe(), kQualitySteps[1].description);
  run(15, 30);
  EXPECT_EQ(quality.describe(), kQualitySteps.back().description);
  run(31, 30);  // enough, but nothing to spare
  EXPECT_EQ(quality.describe(), kQualitySteps.back().description);
  run(60, 60);
  EXPECT_EQ(quality.describe(), "full");
}

TEST(LiveRecorder, KeepsTimesAndScalesToTheFirstSize) {
  const toonmirror::testing::TemporaryFolder folder;
  const std::filesystem::path file = folder / "out.mp4";
  {
    auto captured = Clock::now();
    LiveRecorder recorder(file, {65, 49}, captured);
    for (int i = 0; i < 20; ++i) {
      recorder.write(colourful_picture(i % 2 == 0 ? cv::Size(65, 49) : cv::Size(32, 32), i), captured);
      captured += milliseconds(100);
      std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_NEAR(recorder.seconds(), 1.9, 0.11);
    recorder.finish();
  }
  media::VideoReader reader(file);
  EXPECT_EQ(reader.info().width, 64);
  EXPECT_EQ(reader.info().height, 48);
  media::Frame frame;
  double last_s = 0;
  while (reader.read(frame)) last_s = frame.seconds();
  EXPECT_NEAR(last_s, 1.9, 0.35);
}

// A tone from FFmpeg's own generator, at the pace of a microphone.
TEST(LiveRecorder, RecordsSoundBesideThePictures) {
  const toonmirror::testing::TemporaryFolder folder;
  const std::filesystem::path file = folder / "out.mp4";
  const auto sound =
      std::make_shared<media::LiveSound>("lavfi:sine=frequency=440:sample_rate=44100,arealtime");
  const auto begin = Clock::now();
  LiveRecorder recorder(file, {64, 48}, begin, sound);
  for (int i = 0; i < 20; ++i) {
    recorder.write(colourful_picture({64, 48}, i), begin + milliseconds(100 * i));
    std::this_thread::sleep_until(begin + milliseconds(100 * (i + 1)));
  }
  recorder.finish();
  EXPECT_LT(std::abs(recorder.sound_drift_s()), 0.25);
  const media::VideoReader reader(file);
  EXPECT_TRUE(reader.info().has_audio);
  EXPECT_THROW(media::LiveSound("lavfi:no_such_thing"), Error);
  EXPECT_THROW(media::LiveSound("nonsense"), Error);
}

TEST(LiveRecorder, LeavesNothingUnlessFinished) {
  const toonmirror::testing::TemporaryFolder folder;
  {
    LiveRecorder recorder(folder / "out.mp4", {64, 48}, Clock::now());
    recorder.write(colourful_picture({64, 48}, 1), Clock::now());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder / ""));
  EXPECT_THROW(LiveRecorder(folder / "none" / "out.mp4", {64, 48}, Clock::now()), Error);
}

}  // namespace
}  // namespace toonmirror::live
