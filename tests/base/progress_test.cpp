#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/log.h"

namespace toonmirror {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ProgressOptions clip_options() {
  ProgressOptions options;
  options.label = "clip.mp4";
  options.total = 120;
  options.count_faces = true;
  return options;
}

ProgressState half_done() {
  ProgressState state;
  state.done = 60;
  state.with_face = 45;
  state.elapsed_s = 5;
  return state;
}

TEST(ProgressLine, SaysHowFarHowFastAndHowLongStill) {
  EXPECT_EQ(progress_line(clip_options(), half_done(), 120, true),
            "clip.mp4 [############------------]  50%  60/120 frames  12.0 fps  ETA 0:05  face 75%");
  EXPECT_EQ(progress_line(clip_options(), half_done(), 120, false),
            "clip.mp4  50%  60/120 frames  12.0 fps  ETA 0:05  face 75%");
}

TEST(ProgressLine, UnknownTotalHasNeitherBarNorRemainingTime) {
  ProgressOptions options = clip_options();
  options.total.reset();
  EXPECT_EQ(progress_line(options, half_done(), 120, true), "clip.mp4  60 frames  12.0 fps  face 75%");
}

TEST(ProgressLine, CarriesTheSuffixAndOtherUnits) {
  ProgressOptions options;
  options.label = "style";
  options.unit = "images";
  options.rate_unit = "images/s";
  ProgressState state = half_done();
  state.suffix = "loss 0.125";
  EXPECT_EQ(progress_line(options, state, 120, true), "style  60 images  12.0 images/s  loss 0.125");
}

TEST(ProgressLine, FitsEveryWidth) {
  for (int columns = 1; columns < 150; ++columns) {
    EXPECT_LE(progress_line(clip_options(), half_done(), columns, true).size(), static_cast<size_t>(columns));
  }
}

TEST(ProgressLine, CutsBetweenCharacters) {
  ProgressOptions options;
  options.label = "\u00e4\u00e4\u00e4";
  EXPECT_EQ(progress_line(options, {}, 3, true), "\u00e4");
}

TEST(ProgressLine, MoreFramesThanPromisedIsStillFull) {
  ProgressState state = half_done();
  state.done = 130;
  const std::string line = progress_line(clip_options(), state, 120, true);
  EXPECT_THAT(line, HasSubstr("100%  130/120 frames"));
  EXPECT_THAT(line, Not(HasSubstr("ETA")));
}

TEST(ProgressLine, IsNeverFullBeforeTheEnd) {
  ProgressState state = half_done();
  state.done = 9999;
  ProgressOptions options = clip_options();
  options.total = 10000;
  EXPECT_THAT(progress_line(options, state, 120, true), HasSubstr(" 99%"));
}

TEST(FormatDuration, ReadsLikeAClock) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(-5), "0:00");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(754), "12:34");
  EXPECT_EQ(format_duration(3723), "1:02:03");
}

TEST(Progress, CountsFromSeveralThreads) {
  Progress progress(clip_options());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&progress] {
      for (int frame = 0; frame < 250; ++frame) progress.advance(1, frame % 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(progress.state().done, 1000);
  EXPECT_EQ(progress.state().with_face, 500);
}

}  // namespace
}  // namespace toonmirror
