// The command evaluate on portraits and a clip where they are present.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "media/fixtures.h"
#include "support/nets_folder.h"
#include "support/program.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using toonmirror::testing::ProgramResult;
using toonmirror::testing::run_program;
using toonmirror::testing::TemporaryFolder;

TEST(EvaluateCommand, SaysWhatItCannotUse) {
  const TemporaryFolder folder;
  const auto error_of = [](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"evaluate"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run_program(TOONMIRROR_PROGRAM, arguments);
    EXPECT_NE(result.exit_code, 0);
    return result.errors;
  };
  EXPECT_THAT(error_of({}), HasSubstr("--clips"));
  EXPECT_THAT(error_of({folder / "none"}), HasSubstr("is not a folder"));
  EXPECT_THAT(error_of({folder.path().string()}), HasSubstr("holds no photo"));
  EXPECT_THAT(error_of({folder.path().string(), "--reference", folder.path().string()}), HasSubstr("--nets"));
  EXPECT_THAT(error_of({"--clips", folder / "none.mp4"}), HasSubstr("none.mp4"));
  EXPECT_THAT(error_of({"--pairs", folder / "none.safetensors"}), HasSubstr("none.safetensors"));
  EXPECT_THAT(error_of({folder.path().string(), "--pairs", folder / "a.safetensors"}), HasSubstr("--pairs"));
  EXPECT_THAT(error_of({folder.path().string(), "--seeds", "4"}), HasSubstr("--nets"));
  EXPECT_THAT(error_of({"--clips", folder / "none.mp4", "--sheet", folder / "s.png"}), HasSubstr("--sheet"));
}

class EvaluateMedia : public ::testing::Test {
 protected:
  void SetUp() override {
    media_ = media::testing::sample_folder();
    if (media_.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
  }
  fs::path media_;
  TemporaryFolder folder_;
};

TEST_F(EvaluateMedia, MeasuresPhotosAndLeavesOutWhatHasNoFace) {
  const fs::path nets = toonmirror::testing::nets_folder();
  if (nets.empty()) GTEST_SKIP() << "TOONMIRROR_NETS names no folder";
  fs::copy(media_ / "still_exif6.jpg", folder_ / "a.jpg");
  fs::copy(media_ / "still_gray.jpg", folder_ / "b.jpg");
  fs::copy(media_ / "still_noface.jpg", folder_ / "c.jpg");
  const TemporaryFolder out;
  const auto measure = [&](const std::string& style) {
    const ProgramResult result =
        run_program(TOONMIRROR_PROGRAM, {"evaluate", folder_.path().string(), "--nets", nets.string(),
                                         "--style", style, "--reference", folder_.path().string(), "--sheet",
                                         out / (style + ".png"), "--quiet", "--json"});
    EXPECT_EQ(result.exit_code, 3) << result.errors;
    EXPECT_TRUE(fs::exists(out / (style + ".png")));
    return nlohmann::json::parse(result.output)["photos"];
  };
  const nlohmann::json face = measure("face"), toon = measure("toon");
  EXPECT_EQ(face["count"], 2);
  EXPECT_THAT(face["left_out"][0].get<std::string>(), HasSubstr("c.jpg"));
  const auto mean = [](const nlohmann::json& json, const char* figure) {
    return json["figures"][figure]["mean"].get<double>();
  };
  // The face model repeats the photo; the cartoon changes it and enlarges the eyes.
  EXPECT_GT(mean(face, "identity"), 0.9);
  EXPECT_GT(mean(toon, "identity"), 0.3);
  EXPECT_LT(mean(toon, "identity"), mean(face, "identity"));
  EXPECT_LT(mean(face, "lpips"), mean(toon, "lpips"));
  EXPECT_LT(mean(face, "nme"), 0.03);
  EXPECT_GT(mean(toon, "eyes"), mean(face, "eyes") + 0.1);
  EXPECT_TRUE(face["kid"].is_number());
  EXPECT_LT(mean(face, "departure"), mean(toon, "departure"));
  EXPECT_GT(mean(face, "sharpness"), 0);
  EXPECT_LT(mean(face, "nme_nose_mouth"), 0.03);
}

TEST_F(EvaluateMedia, MeasuresSeeds) {
  const fs::path nets = toonmirror::testing::nets_folder();
  if (nets.empty()) GTEST_SKIP() << "TOONMIRROR_NETS names no folder";
  fs::copy(media_ / "still_exif6.jpg", folder_ / "a.jpg");
  fs::copy(media_ / "still_gray.jpg", folder_ / "b.jpg");
  const ProgramResult result =
      run_program(TOONMIRROR_PROGRAM, {"evaluate", folder_.path().string(), "--nets", nets.string(),
                                       "--style", "face", "--seeds", "3", "--quiet", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const nlohmann::json seeds = nlohmann::json::parse(result.output)["seeds"];
  EXPECT_EQ(seeds["seeds"], 3);
  EXPECT_EQ(seeds["photos"], 2);
  EXPECT_GT(seeds["sharpness"].get<double>(), 0);
  EXPECT_GT(seeds["sharpness_photos"].get<double>(), seeds["sharpness_w_only"].get<double>());
  EXPECT_LT(seeds["identity_between"].get<double>(), 0.95);
  EXPECT_GE(seeds["near_training"].get<double>(), 0);
}

TEST_F(EvaluateMedia, MeasuresHowSteadyAClipIs) {
  const ProgramResult result =
      run_program(TOONMIRROR_PROGRAM, {"evaluate", "--clips", (media_ / "grid_1.mpg").string(), "--style",
                                       "face", "--frames", "30", "--quiet", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const nlohmann::json json = nlohmann::json::parse(result.output);
  const nlohmann::json& clip = json["clips"][0];
  EXPECT_EQ(clip["frames"], 30);
  EXPECT_EQ(clip["with_face"], 30);
  EXPECT_GT(clip["at_rest"].get<int>(), 5);
  EXPECT_GT(clip["jitter_in_percent"].get<double>(), 0);
  EXPECT_LT(json["steadiness"]["jitter_ratio"].get<double>(), 3);
}

}  // namespace
}  // namespace toonmirror::cli
