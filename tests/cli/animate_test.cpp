// animate and avatar as a user calls them, with the models that ship.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "media/video_reader.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using testing::ProgramResult;

ProgramResult run(const std::vector<std::string>& words) {
  return testing::run_program(TOONMIRROR_PROGRAM, words);
}

class AnimateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new testing::TemporaryFolder();
    run({"generate", "--seeds", "3", "--style", "face", "-o", *shared_ / "face.png", "-q"});
  }
  static void TearDownTestSuite() { delete shared_; }

  static inline testing::TemporaryFolder* shared_ = nullptr;
  const std::string demo_ = std::string(TOONMIRROR_SOURCE_DIR) + "/assets/demo.mp4";
  const std::string face_ = *shared_ / "face.png";
  testing::TemporaryFolder folder_;
};

TEST_F(AnimateTest, APackMovesAsThePhotoDoesWithTheDrivingTimesAndSound) {
  const std::string pack = folder_ / "me.avatar", video = folder_ / "out.mp4";
  ASSERT_EQ(run({"avatar", "create", face_, "-o", pack}).exit_code, 0);
  const ProgramResult result = run({"animate", "--source", pack, "--driving", demo_, "-o", video, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const nlohmann::json report = nlohmann::json::parse(result.output).at(0);
  media::VideoReader driving(demo_), animated(video);
  EXPECT_TRUE(animated.info().has_audio);
  EXPECT_EQ(animated.info().width, 256);
  int64_t frames = 0;
  for (media::Frame a, b; driving.read(a); ++frames) {
    ASSERT_TRUE(animated.read(b));
    EXPECT_NEAR(a.seconds() - driving.info().first_pts * driving.info().time_base.value(), b.seconds(), 1e-3);
  }
  EXPECT_EQ(report.at("frames"), frames);
  EXPECT_EQ(report.at("frames_with_face"), frames);
}

TEST_F(AnimateTest, MistakesAreExplainedAndLeaveNothing) {
  const std::string video = folder_ / "out.mp4", empty = folder_ / "empty.png";
  const auto expect = [&](const std::vector<std::string>& words, const char* text) {
    const ProgramResult result = run(words);
    EXPECT_EQ(result.exit_code, 1) << text;
    EXPECT_THAT(result.errors, HasSubstr(text));
    EXPECT_FALSE(std::filesystem::exists(video)) << text;
  };
  expect({"animate", "--source", folder_ / "none.png", "--driving", demo_, "-o", video}, "none.png");
  expect({"animate", "--source", face_, "--driving", folder_ / "none.mp4", "-o", video, "--no-toon"},
         "none.mp4");
  expect({"animate", "--source", face_, "--driving", face_, "-o", video, "--no-toon"},
         "is a picture, not a video");
  expect({"animate", "--source", face_, "--driving", demo_, "-o", video, "--no-toon", "--motion-model",
          std::string(TOONMIRROR_SOURCE_DIR) + "/models/face.safetensors"},
         "no First Order Motion Model");
  expect({"animate", "--source", face_, "--driving", demo_, "-o", demo_, "--no-toon"}, "source");
}

}  // namespace
}  // namespace toonmirror::cli
