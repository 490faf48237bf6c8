#include "media/video_writer.h"

#include <gtest/gtest.h>

#include "fixtures.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::ClipShape;
using testing::convert;
using testing::error_of;
using testing::psnr;
using testing::read_all;
using toonmirror::testing::read_file;
using toonmirror::testing::TemporaryFolder;

const std::vector<int64_t> kUnevenTimes{0, 33, 66, 166, 200, 633, 667, 700};  // ms

TEST(VideoWriter, KeepsCountTimesAndPictures) {
  const TemporaryFolder folder;
  const struct {
    const char *name, *codec;
  } cases[] = {
      {"a.mp4", "auto"}, {"a.mov", "hevc"}, {"a.mkv", "h264"}, {"a.webm", "auto"}, {"b.mkv", "ffv1"}};
  for (const auto& [name, codec] : cases) {
    const ClipShape shape{.pts = kUnevenTimes, .codec = codec};
    testing::write_clip(folder / name, shape);
    const std::vector<Frame> frames = read_all(folder / name);
    ASSERT_EQ(frames.size(), shape.pts.size()) << name;
    for (size_t i = 0; i < frames.size(); ++i) {
      EXPECT_DOUBLE_EQ(frames[i].seconds(), static_cast<double>(shape.pts[i]) / 1000) << name;
      EXPECT_EQ(frames[i].index, static_cast<int64_t>(i));
      EXPECT_GT(psnr(frames[i].rgb, testing::pattern(shape.width, shape.height, static_cast<int>(i))), 34.0)
          << name;
    }
  }
}

TEST(VideoWriter, KeepsOddSizes) {
  const TemporaryFolder folder;
  for (const char* name : {"a.mp4", "a.webm", "a.avi"}) {
    const ClipShape shape{.width = 61, .height = 47};
    testing::write_clip(folder / name, shape);
    const std::vector<Frame> frames = read_all(folder / name);
    ASSERT_EQ(frames.size(), shape.pts.size()) << name;
    EXPECT_EQ(frames[0].width, 61);
    EXPECT_EQ(frames[0].height, 47);
    EXPECT_GT(psnr(frames[2].rgb, testing::pattern(61, 47, 2)), 34.0);
  }
}

TEST(VideoWriter, LosslessCopyOfUntouchedFramesIsExact) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "source.mp4", {});
  testing::ConvertOptions options;
  options.writer.codec = "ffv1";
  convert(folder / "source.mp4", folder / "copy.mkv", options);
  const std::vector<Frame> source = read_all(folder / "source.mp4");
  const std::vector<Frame> copy = read_all(folder / "copy.mkv");
  ASSERT_EQ(copy.size(), source.size());
  for (size_t i = 0; i < source.size(); ++i) EXPECT_EQ(copy[i].rgb, source[i].rgb);
}

TEST(VideoWriter, PixelsOutsideTheChangedAreaAreExact) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "source.mp4", {});
  testing::ConvertOptions options;
  options.writer.codec = "ffv1";
  options.paint = Rect{20, 10, 16, 12};
  convert(folder / "source.mp4", folder / "painted.mkv", options);
  const std::vector<Frame> source = read_all(folder / "source.mp4");
  const std::vector<Frame> painted = read_all(folder / "painted.mkv");
  ASSERT_EQ(painted.size(), source.size());
  constexpr int kReach = 6;  // reading interpolates chroma across the border of the area
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 64; ++x) {
      const bool far = x < 20 - kReach || x >= 36 + kReach || y < 10 - kReach || y >= 22 + kReach;
      const size_t offset = (static_cast<size_t>(y) * 64 + x) * 3;
      if (far) {
        for (int c = 0; c < 3; ++c) EXPECT_EQ(painted[1].rgb[offset + c], source[1].rgb[offset + c]);
      }
    }
  }
  const size_t inside = (16 * 64 + 28) * 3;
  EXPECT_NEAR(painted[1].rgb[inside], 220, 3);
  EXPECT_NEAR(painted[1].rgb[inside + 1], 40, 3);
}

TEST(VideoWriter, AnotherSizeTakesTheWholePicture) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "source.mp4", {});
  VideoReader reader(folder / "source.mp4");
  VideoWriter writer(folder / "crop.mp4", reader.info(), {.preset = "ultrafast", .width = 32, .height = 32});
  Frame frame;
  while (reader.read(frame)) {
    EXPECT_NE(error_of([&] { writer.write(frame); }), "")
        << "the size of the source is not that of the output";
    frame.width = frame.height = 32;
    frame.rgb = testing::pattern(32, 32, static_cast<int>(frame.index));
    writer.write(frame);
  }
  writer.commit();
  const std::vector<Frame> frames = read_all(folder / "crop.mp4");
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[4].width, 32);
  EXPECT_GT(psnr(frames[4].rgb, testing::pattern(32, 32, 4)), 34.0);
}

TEST(VideoWriter, NothingAppearsBeforeCommit) {
  const TemporaryFolder folder;
  const std::filesystem::path target = folder.write("out.mp4", "the previous one");
  {
    const ClipShape shape;
    VideoWriter writer(target, testing::info_of(shape));
    writer.write(testing::pattern_frame(shape, 0));
    EXPECT_EQ(read_file(target), "the previous one");
  }
  EXPECT_EQ(read_file(target), "the previous one");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "a temporary was left";
}

TEST(VideoWriter, AnEmptyVideoIsAnError) {
  const TemporaryFolder folder;
  VideoWriter writer(folder / "out.mp4", testing::info_of({}));
  EXPECT_EQ(error_of([&] { writer.commit(); }), "no picture was written");
}

TEST(VideoWriter, RefusesToWriteOverItsSource) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {});
  std::filesystem::create_symlink(folder / "clip.mp4", folder / "soft.mp4");
  std::filesystem::create_hard_link(folder / "clip.mp4", folder / "hard.mp4");
  const std::string before = read_file(folder / "clip.mp4");
  const VideoInfo info = VideoReader(folder / "clip.mp4").info();
  for (const char* name : {"clip.mp4", "soft.mp4", "hard.mp4"}) {
    EXPECT_EQ(error_of([&] { VideoWriter writer(folder / name, info); }),
              (folder / name).string() + ": is the source itself");
  }
  EXPECT_EQ(read_file(folder / "clip.mp4"), before);
}

TEST(VideoWriter, RefusesWrongChoicesBeforeItWrites) {
  const TemporaryFolder folder;
  const auto error = [&](const char* name, const VideoWriterOptions& options) {
    return error_of([&] { VideoWriter writer(folder / name, testing::info_of({}), options); });
  };
  EXPECT_EQ(error("a.xyz", {}),
            (folder / "a.xyz").string() + ": cannot tell the kind of video to write from its name");
  EXPECT_EQ(error("a.mp4", {.codec = "mpeg9"}), "unknown video codec 'mpeg9'");
  EXPECT_EQ(error("a.mp4", {.crf = 52}), "crf 52 is out of range for h264");
  EXPECT_EQ(error("a.mp4", {.preset = "quick"}), "unknown preset 'quick'");
  EXPECT_EQ(error("a.webm", {.codec = "h264"}), "a .webm file cannot hold h264 video");
  EXPECT_NE(error("none/a.mp4", {}), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(VideoWriter, CrfTradesSizeForQuality) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "source.mkv", {.width = 160, .height = 120, .codec = "ffv1"});
  for (const char* codec : {"h264", "hevc", "vp9"}) {
    testing::ConvertOptions options;
    options.writer.codec = codec;
    options.writer.crf = 10;
    convert(folder / "source.mkv", folder / "good.mkv", options);
    options.writer.crf = 45;
    convert(folder / "source.mkv", folder / "poor.mkv", options);
    EXPECT_LT(std::filesystem::file_size(folder / "poor.mkv"),
              std::filesystem::file_size(folder / "good.mkv"))
        << codec;
  }
}

}  // namespace
}  // namespace toonmirror::media
