#include "media/video_reader.h"

#include <gtest/gtest.h>

#include <csignal>

#include "base/interrupt.h"
#include "fixtures.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::read_all;
using toonmirror::testing::read_file;
using toonmirror::testing::TemporaryFolder;

TEST(VideoReader, TellsWhatTheVideoIs) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {.width = 80, .height = 60});
  const VideoInfo info = VideoReader(folder / "clip.mp4").info();
  EXPECT_EQ(info.width, 80);
  EXPECT_EQ(info.height, 60);
  EXPECT_EQ(info.codec, "h264");
  EXPECT_EQ(info.pixel_format, "yuv420p");
  EXPECT_EQ(info.frame_count, 5);
  EXPECT_NEAR(info.duration_s.value_or(0), 0.2, 1e-6);
  EXPECT_DOUBLE_EQ(info.frame_rate.value(), 25);
  EXPECT_FALSE(info.has_audio);
  ASSERT_EQ(info.streams.size(), 1u);
  EXPECT_EQ(info.streams[0].type, "video");
}

TEST(VideoReader, EveryNumberOfThreadsGivesTheSameFrames) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {});
  const std::vector<Frame> expected = read_all(folder / "clip.mp4");
  for (const int threads : {0, 2, 3}) {
    VideoReader reader(folder / "clip.mp4", {.threads = threads});
    Frame frame;
    size_t count = 0;
    while (reader.read(frame)) {
      EXPECT_EQ(frame.rgb, expected[count].rgb);
      EXPECT_EQ(frame.pts, expected[count].pts);
      ++count;
    }
    EXPECT_EQ(count, expected.size());
    EXPECT_FALSE(reader.read(frame)) << "the end stays the end";
  }
}

TEST(VideoReader, ACutOffFileGivesItsReadablePartAndAWarning) {
  const TemporaryFolder folder;
  std::vector<int64_t> pts;
  for (int i = 0; i < 50; ++i) pts.push_back(40 * i);
  testing::write_clip(folder / "clip.mp4", {.pts = pts});
  const std::string content = read_file(folder / "clip.mp4");
  const auto cut = folder.write("cut.mp4", content.substr(0, content.size() * 6 / 10));
  VideoReader reader(cut);
  Frame frame;
  int64_t count = 0;
  while (reader.read(frame)) ++count;
  EXPECT_GT(count, 5);
  EXPECT_LT(count, 50);
  EXPECT_GT(reader.warnings().count, 0);
  EXPECT_NE(reader.warnings().first.find(": is cut off: it ends at "), std::string::npos)
      << reader.warnings().first;
}

TEST(VideoReader, DamageKeepsTheCountOfFrames) {
  const TemporaryFolder folder;
  std::vector<int64_t> pts;
  for (int i = 0; i < 40; ++i) pts.push_back(40 * i);
  testing::write_clip(folder / "clip.mp4", {.width = 160, .height = 120, .pts = pts});
  const std::string content = read_file(folder / "clip.mp4");
  const size_t media = content.find("mdat") + 200;
  for (int seed = 1; seed <= 8; ++seed) {
    std::string damaged = content;
    uint32_t state = seed * 2654435761u;
    for (int i = 0; i < 6; ++i) {
      state = state * 1664525u + 1013904223u;
      damaged[media + state % (content.size() - media)] = static_cast<char>(state >> 16);
    }
    EXPECT_EQ(read_all(folder.write("damaged.mp4", damaged)).size(), pts.size()) << "seed " << seed;
  }
}

TEST(VideoReader, StopsOnCtrlC) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {});
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        std::raise(SIGINT);
        try {
          VideoReader reader(folder / "clip.mp4");
        } catch (const Interrupted&) {
          std::_Exit(130);
        }
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace toonmirror::media
