// The sample clips, each with what its index says must happen.
#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures.h"
#include "media/probe.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::contents;
using testing::convert;
using testing::error_of;
using testing::read_all;
using testing::stored;
using testing::StoredFile;
using toonmirror::testing::TemporaryFolder;

struct Sample {
  const char* name;
  int width, height;
  int64_t frames;
  double last_s;  // time of the last picture after the first
};

class SampleVideos : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::sample_folder();
    if (folder_.empty()) GTEST_SKIP() << "no folder of sample media";
  }
  std::filesystem::path folder_;
  TemporaryFolder out_;
};

class SampleVideo : public SampleVideos, public ::testing::WithParamInterface<Sample> {};

TEST_P(SampleVideo, KeepsSizeCountTimesAndSound) {
  const Sample& sample = GetParam();
  const auto source_path = folder_ / sample.name;
  const auto target = out_ / "out.mp4";
  testing::ConvertOptions options;
  options.paint = Rect{sample.width / 4, sample.height / 4, sample.width / 2, sample.height / 2};
  convert(source_path, target, options);
  const std::vector<Frame> source = read_all(source_path);
  const std::vector<Frame> frames = read_all(target);
  ASSERT_EQ(source.size(), static_cast<size_t>(sample.frames));
  ASSERT_EQ(frames.size(), source.size());
  EXPECT_EQ(frames[0].width, sample.width);
  EXPECT_EQ(frames[0].height, sample.height);
  const bool starts_at_zero = source[0].seconds() < 0.1;
  const double shift = starts_at_zero ? 0 : source[0].seconds();
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_NEAR(frames[i].seconds(), source[i].seconds() - shift, 1e-9);
  }
  EXPECT_NEAR(frames.back().seconds() - frames[0].seconds(), sample.last_s, 1e-3);
  EXPECT_DOUBLE_EQ(VideoReader(target).info().sample_aspect.value(),
                   VideoReader(source_path).info().sample_aspect.value());
  const auto sound_before = stored(source_path).of_type(AVMEDIA_TYPE_AUDIO);
  const auto sound_after = stored(target).of_type(AVMEDIA_TYPE_AUDIO);
  ASSERT_EQ(sound_after.size(), sound_before.size());
  // A transport stream wraps each packet, and a cut-away beginning is not kept.
  const std::string name = sample.name;
  if (name == "start_offset.ts" || name == "editlist.mp4") return;
  for (size_t i = 0; i < sound_after.size(); ++i)
    EXPECT_EQ(contents(sound_after[i]), contents(sound_before[i]));
}

INSTANTIATE_TEST_SUITE_P(
    Media, SampleVideo,
    ::testing::Values(
        Sample{"grid_1.mpg", 360, 288, 75, 2.96}, Sample{"rotation_90.mp4", 360, 480, 105, 3.4667},
        Sample{"vfr.mp4", 400, 400, 71, 3.4333}, Sample{"hevc_10bit.mp4", 400, 400, 105, 3.4667},
        Sample{"odd_359x287.webm", 359, 287, 90, 2.967}, Sample{"odd_359x287.avi", 359, 287, 90, 3.0},
        Sample{"multitrack.mp4", 360, 360, 90, 2.9667}, Sample{"audio_longer.mp4", 360, 360, 90, 2.9667},
        Sample{"start_offset.ts", 360, 360, 120, 3.9667}, Sample{"editlist.mp4", 360, 360, 111, 3.6667},
        Sample{"one_frame.mp4", 360, 360, 1, 0}, Sample{"anim.gif", 200, 200, 16, 1.5},
        Sample{"alpha_qtrle.mov", 200, 200, 6, 0.5}, Sample{"alpha_prores4444.mov", 256, 256, 4, 0.3},
        Sample{"bitflips.mp4", 360, 360, 90, 2.9667}, Sample{"anamorphic_sar.mp4", 240, 480, 90, 2.9667}),
    [](const auto& sample) {
      std::string name = sample.param.name;
      std::ranges::replace_if(
          name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST_F(SampleVideos, UntouchedPixelsKeep38Decibels) {
  convert(folder_ / "grid_1.mpg", out_ / "out.mp4", {.writer = {}});
  const std::vector<Frame> source = read_all(folder_ / "grid_1.mpg");
  const std::vector<Frame> frames = read_all(out_ / "out.mp4");
  ASSERT_EQ(frames.size(), source.size());
  for (size_t i = 0; i < frames.size(); ++i)
    EXPECT_GT(testing::psnr(frames[i].rgb, source[i].rgb), 40.0) << i;
}

TEST_F(SampleVideos, TracksSubtitlesChaptersAndTitleAreKept) {
  for (const char* name : {"out.mp4", "out.mkv", "out.webm"}) {
    convert(folder_ / "multitrack.mp4", out_ / name);
    const StoredFile file = stored(out_ / name);
    EXPECT_EQ(file.title, "Zoë & friends: test “title”");
    EXPECT_EQ(file.chapters, (std::vector<std::string>{"0.000 First", "1.500 Second"}));
    const auto sound = file.of_type(AVMEDIA_TYPE_AUDIO);
    ASSERT_EQ(sound.size(), 2u);
    EXPECT_EQ(sound[0].language, "eng");
    EXPECT_EQ(sound[1].language, "deu");
    const auto subtitles = file.of_type(AVMEDIA_TYPE_SUBTITLE);
    ASSERT_EQ(subtitles.size(), 1u);
    const auto says = [&](const std::string& text) {
      return std::ranges::any_of(subtitles[0].packets, [&](const testing::StoredPacket& packet) {
        return packet.content.find(text) != std::string::npos;
      });
    };
    EXPECT_TRUE(says("Hello, subtitle one")) << name;
    EXPECT_TRUE(says("ünïcode ✓")) << name;
  }
}

TEST_F(SampleVideos, TransparentPixelsAreWhite) {
  for (const char* name : {"alpha_qtrle.mov", "alpha_prores4444.mov"}) {
    convert(folder_ / name, out_ / "out.mp4");
    for (const Frame& frame : read_all(out_ / "out.mp4")) {
      for (int c = 0; c < 3; ++c) EXPECT_GT(frame.rgb[c], 250) << name;
    }
  }
}

TEST_F(SampleVideos, DamageIsReported) {
  const testing::Converted flipped = convert(folder_ / "bitflips.mp4", out_ / "flipped.mp4");
  EXPECT_EQ(flipped.frames, 90);
  EXPECT_GT(flipped.warnings.count, 0);
  const testing::Converted cut = convert(folder_ / "truncated_mdat.mp4", out_ / "cut.mp4");
  EXPECT_GE(cut.frames, 42);
  EXPECT_NE(cut.warnings.first.find("is cut off"), std::string::npos);
}

TEST_F(SampleVideos, SoundWithACoverIsNoVideo) {
  const auto path = folder_ / "audio_cover.mp3";
  EXPECT_EQ(probe(path), InputKind::kAudioOnly);
  EXPECT_EQ(error_of([&] { VideoReader reader(path); }),
            path.string() + ": has no video stream, only sound (mp3)");
}

TEST_F(SampleVideos, UnreadableFilesAreRefusedInOneLine) {
  const std::pair<const char*, const char*> expected[] = {
      {"empty.mp4", ": is empty"},
      {"text.mp4", ": is not a video or picture FFmpeg can read"},
      {"truncated_nomoov.mp4", ": cannot be read: its index is missing, the file was cut off"}};
  for (const auto& [name, message] : expected) {
    const auto path = folder_ / name;
    EXPECT_EQ(error_of([&] { VideoReader reader(path); }), path.string() + message);
  }
}

}  // namespace
}  // namespace toonmirror::media
