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

// Mean of every `x` times `y` pixels.
std::vector<uint8_t> shrunk(const Frame& frame, int x, int y) {
  std::vector<uint8_t> result;
  for (int row = 0; row < frame.height; row += y) {
    for (int column = 0; column < frame.width * 3; ++column) {
      if (column / 3 % x != 0) continue;
      int sum = 0;
      for (int i = 0; i < x * y; ++i) {
        sum += frame.rgb[(size_t(row) + i / x) * frame.width * 3 + column + i % x * 3];
      }
      result.push_back(static_cast<uint8_t>(sum / (x * y)));
    }
  }
  return result;
}

TEST(VideoReader, StretchesToSquarePixelsWhenAsked) {
  const TemporaryFolder folder;
  for (const auto& [x, y] : {std::pair{2, 1}, {1, 2}, {1, 1}}) {
    SCOPED_TRACE(std::to_string(x) + ":" + std::to_string(y));
    testing::write_clip(folder / "clip.mp4", {.sample_aspect = {x, y}});
    VideoReader plain(folder / "clip.mp4"), square(folder / "clip.mp4", {.square_pixels = true});
    EXPECT_EQ(plain.info().sample_aspect, (Rational{x, y}));
    EXPECT_EQ(plain.info().width, 64);
    EXPECT_EQ(square.info().sample_aspect, (Rational{1, 1}));
    EXPECT_EQ(square.info().width, 64 * x);
    EXPECT_EQ(square.info().height, 48 * y);
    Frame before, after;
    int count = 0;
    for (; plain.read(before); ++count) {
      ASSERT_TRUE(square.read(after));
      EXPECT_EQ(after.width, 64 * x);
      EXPECT_EQ(after.height, 48 * y);
      ASSERT_EQ(after.rgb.size(), before.rgb.size() * size_t(x) * size_t(y));
      EXPECT_GT(testing::psnr(shrunk(after, x, y), before.rgb), 34);
      EXPECT_EQ(after.pts, before.pts);
      EXPECT_EQ(after.picture == nullptr, x != y) << "the writer would take the decoder's picture";
      EXPECT_EQ(after.decoded_rgb == nullptr, x != y);
    }
    EXPECT_EQ(count, 5);
    EXPECT_FALSE(square.read(after));
  }
}

TEST(ReadWarnings, SayHowManyMoreThereAre) {
  EXPECT_EQ(ReadWarnings().summary(), "");
  EXPECT_EQ((ReadWarnings{1, "a.mp4: cut"}).summary(), "a.mp4: cut");
  EXPECT_EQ((ReadWarnings{4, "a.mp4: cut"}).summary(), "a.mp4: cut (and 3 more)");
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
