#include "app/reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace toonmirror::app {
namespace {

using nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

// Every kind of report of a video tells what went wrong, and what was done about it.
template <typename Report>
class VideoReport : public ::testing::Test {};
using Reports = ::testing::Types<toon::ConvertReport, toon::AnimateReport>;
TYPED_TEST_SUITE(VideoReport, Reports);

TYPED_TEST(VideoReport, ListsNoticesAndWarnings) {
  TypeParam report;
  report.frames = 50;
  report.frames_with_face = 40;
  report.seconds = 4;
  report.notices = {"sound track 1 re-encoded"};
  report.warnings = {"clip.mp4: is cut off"};
  const ordered_json json = to_json(report);
  EXPECT_EQ(json.at("frames"), 50);
  EXPECT_EQ(json.at("frames_with_face"), 40);
  EXPECT_EQ(json.at("fps"), 12.5);
  EXPECT_THAT(json.at("notices").template get<Lines>(), ElementsAre("sound track 1 re-encoded"));
  EXPECT_THAT(json.at("warnings").template get<Lines>(), ElementsAre("clip.mp4: is cut off"));
  EXPECT_THAT(summary("out.mp4", report), HasSubstr("out.mp4: 50 frames, 80% "));
}

TYPED_TEST(VideoReport, OfNothingHasNoRate) { EXPECT_EQ(to_json(TypeParam()).at("fps"), 0); }

}  // namespace
}  // namespace toonmirror::app
