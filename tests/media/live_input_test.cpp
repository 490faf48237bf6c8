#include "media/live_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "fixtures.h"
#include "media/cameras.h"
#include "media/capture.h"
#include "media/virtual_camera.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

const std::string kDemo = TOONMIRROR_SOURCE_DIR "/assets/demo.mp4";

TEST(LiveInput, TellsSourcesApart) {
  EXPECT_EQ(live_input_kind("0"), LiveInputKind::kCamera);
  EXPECT_EQ(live_input_kind("/dev/video3"), LiveInputKind::kCamera);
  EXPECT_EQ(live_input_kind("Integrated Camera"), LiveInputKind::kCamera);
  EXPECT_EQ(live_input_kind("rtsp://camera/stream"), LiveInputKind::kStream);
  EXPECT_EQ(live_input_kind("http://camera/clip.mp4"), LiveInputKind::kStream);
  EXPECT_EQ(live_input_kind("clips/a.mp4"), LiveInputKind::kFile);
  EXPECT_EQ(live_input_kind("missing.mp4"), LiveInputKind::kFile);
  EXPECT_EQ(live_input_kind("test"), LiveInputKind::kTestPattern);
}

// Times are those of the file, within what a busy machine allows.
TEST(LiveInput, PlaysAFileInRealTime) {
  const std::atomic<bool> cancelled = false;
  const std::unique_ptr<LiveInput> input = open_live_input({.source = kDemo}, cancelled);
  LiveFrame frame;
  int count = 0;
  const auto begin = Clock::now();
  while (Clock::now() - begin < milliseconds(1000)) count += input->read(frame) ? 1 : 0;
  EXPECT_GT(frame.width, 0);
  EXPECT_EQ(frame.rgb.size(), size_t(frame.width) * size_t(frame.height) * 3);
  EXPECT_GE(count, 5);
  EXPECT_LE(count, 32);  // 25 or 30 a second, not as fast as it can be read
}

// In the second round, too, for which the file is opened again.
TEST(LiveInput, PlaysFilesInSquarePixels) {
  const toonmirror::testing::TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {.pts = {0, 20, 40}, .sample_aspect = {2, 1}});
  const std::atomic<bool> cancelled = false;
  const std::unique_ptr<LiveInput> input = open_live_input({.source = folder / "clip.mp4"}, cancelled);
  EXPECT_THAT(input->describe(), HasSubstr("128x48"));
  LiveFrame frame;
  int count = 0;
  for (int i = 0; i < 100 && count < 5; ++i) {
    if (!input->read(frame)) continue;
    ++count;
    EXPECT_EQ(frame.width, 128);
    EXPECT_EQ(frame.height, 48);
    EXPECT_EQ(frame.rgb.size(), size_t{128} * 48 * 3);
  }
  EXPECT_EQ(count, 5);
}

std::string failure_of(const LiveInputOptions& options) {
  const std::atomic<bool> cancelled = false;
  try {
    open_live_input(options, cancelled);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(LiveInput, SaysWhatIsNotThere) {
  EXPECT_THAT(failure_of({.source = "missing.mp4"}), HasSubstr("missing.mp4"));
  EXPECT_THAT(failure_of({.source = "ftp://x/y"}), HasSubstr("not an address"));
  EXPECT_THAT(failure_of({.source = "http://127.0.0.1:9/none"}), HasSubstr("127.0.0.1"));
  EXPECT_THAT(failure_of({.source = "A camera nobody has"}), HasSubstr("there is none"));
}

TEST(Capture, HasTheNewestPictureAndCountsTheRest) {
  Capture capture({.source = "test"});
  ASSERT_TRUE(capture.wait(milliseconds(5000)));
  std::this_thread::sleep_for(milliseconds(400));
  const std::optional<LiveFrame> newest = capture.wait(milliseconds(5000));
  ASSERT_TRUE(newest);
  EXPECT_LT(Clock::now() - newest->captured, milliseconds(300));
  const CaptureStatus status = capture.status();
  EXPECT_EQ(status.state, CaptureState::kRunning);
  EXPECT_THAT(status.text, HasSubstr("demo.mp4"));
  EXPECT_GT(status.dropped, 0);
}

TEST(Capture, TellsWhyASourceIsLost) {
  Capture capture({.source = "missing.mp4"});
  for (int i = 0; i < 500 && capture.status().state != CaptureState::kLost; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(capture.status().state, CaptureState::kLost);
  EXPECT_THAT(capture.status().text, HasSubstr("missing.mp4"));
}

// Closing must not wait for the network: this address answers nothing, ever (RFC 5737).
TEST(Capture, ClosesWhileTheSourceHangs) {
  auto capture = std::make_unique<Capture>(LiveInputOptions{.source = "rtsp://192.0.2.1/none"});
  std::this_thread::sleep_for(milliseconds(50));
  const auto begin = Clock::now();
  capture.reset();
  EXPECT_LT(Clock::now() - begin, milliseconds(500));
}

TEST(Cameras, ModeIsTheOneAskedForOrTheOneThatSuits) {
  const std::vector<CameraMode> modes = {
      {"yuyv422", 640, 480, 30}, {"yuyv422", 1280, 720, 10}, {"mjpeg", 640, 480, 30},
      {"mjpeg", 1280, 720, 30},  {"mjpeg", 1920, 1080, 30},  {"", 1280, 720, 60},
      {"h264", 1280, 720, 30},
  };
  const auto is = [](const CameraMode& mode, const std::string& format, int width) {
    return mode.format == format && mode.width == width;
  };
  EXPECT_TRUE(is(choose_mode(modes, 0, 0, 0, ""), "mjpeg", 1280));
  EXPECT_TRUE(is(choose_mode(modes, 0, 0, 0, "yuyv"), "yuyv422", 640));  // 10 a second is too slow
  EXPECT_TRUE(is(choose_mode(modes, 1920, 1080, 0, ""), "mjpeg", 1920));
  EXPECT_TRUE(is(choose_mode(modes, 640, 480, 0, "h264"), "h264", 1280));
  EXPECT_EQ(choose_mode({}, 320, 240, 15, "mjpeg").width, 320);
}

TEST(VirtualCamera, SaysHowToGetOne) {
  try {
    VirtualCamera("/dev/video-nobody-has", 640, 480, 30);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/dev/video-nobody-has"));
    EXPECT_THAT(error.hint(), HasSubstr("modprobe v4l2loopback exclusive_caps=1"));
  }
  EXPECT_THROW(VirtualCamera("/dev/null", 640, 480, 30), Error);
}

}  // namespace
}  // namespace toonmirror::media
