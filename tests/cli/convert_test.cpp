// The commands convert and generate, run as a user runs them, with small untrained networks.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "media/fixtures.h"
#include "media/still.h"
#include "support/program.h"
#include "toon/fixtures.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using toonmirror::testing::ProgramResult;
using toonmirror::testing::TemporaryFolder;

class ConvertCommand : public ::testing::Test {
 protected:
  ProgramResult run(const std::vector<std::string>& arguments) const {
    return toonmirror::testing::run_program(TOONMIRROR_PROGRAM, arguments,
                                            {{"TOONMIRROR_MODELS", models_.folder().path().string()}});
  }

  // A clip without a face: it converts, and its pictures stay as they are.
  std::string clip(const std::string& name) const {
    media::testing::write_clip(folder_ / name, {});
    return folder_ / name;
  }

  toon::testing::SmallModels models_;
  TemporaryFolder folder_;
};

TEST_F(ConvertCommand, WritesOneResultAndSaysSo) {
  const ProgramResult result =
      run({"convert", clip("a.mp4"), "-o", folder_ / "out.mp4", "--style", "small", "--threads", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("5 frames, 0% with a face"));
  EXPECT_THAT(result.output, HasSubstr("decode"));
  EXPECT_THAT(result.errors, HasSubstr("warning: "));
  EXPECT_EQ(media::testing::read_all(folder_ / "out.mp4").size(), 5U);
}

TEST_F(ConvertCommand, GoesOnAfterAFailureAndReportsIt) {
  folder_.write("in/b.mp4", "words");
  clip("in/a.mp4");
  const fs::path out = folder_ / "new/out";
  const ProgramResult result =
      run({"convert", folder_ / "in", "-o", out, "--style", "small", "--json", "--quiet"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("1 of 2 inputs failed"));
  const auto report = nlohmann::json::parse(result.output);
  ASSERT_EQ(report.size(), 2U);
  EXPECT_EQ(report[0]["frames"], 5);
  EXPECT_EQ(report[0]["frames_with_face"], 0);
  EXPECT_EQ(report[0]["output"], (out / "a.mp4").string());
  EXPECT_THAT(report[1]["error"].get<std::string>(), HasSubstr("b.mp4"));
  EXPECT_TRUE(fs::exists(out / "a.mp4"));
  EXPECT_FALSE(fs::exists(out / "b.mp4"));
}

TEST_F(ConvertCommand, FailsWhenEveryInputFails) {
  const std::string a = folder_.write("a.mp4", "words");
  const std::string out = folder_ / "out";
  EXPECT_EQ(run({"convert", a, folder_ / "missing.mp4", "-o", out, "--style", "small"}).exit_code, 1);
  EXPECT_TRUE(fs::is_empty(out));
  EXPECT_EQ(run({"convert", a, "-o", folder_ / "out.mp4", "--style", "small"}).exit_code, 1);
  const ProgramResult no_style = run({"convert", a, "-o", folder_ / "out.mp4", "--style", "none"});
  EXPECT_EQ(no_style.exit_code, 1);
  EXPECT_THAT(no_style.errors, HasSubstr("'none'"));
}

TEST_F(ConvertCommand, WithoutAnOutputNamesItBesideTheInput) {
  const std::string a = clip("a.mp4");
  const ProgramResult first = run({"convert", a, "--style", "small"});
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_THAT(first.errors, HasSubstr("a-small.mp4"));
  EXPECT_TRUE(fs::exists(folder_ / "a-small.mp4"));
  // A file that is named where a command would be is meant to be converted, and nothing is replaced.
  EXPECT_EQ(run({a, "--style", "small"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "a-small-2.mp4"));
  fs::create_directory(folder_ / "clips");
  fs::copy(a, folder_ / "clips/b.mp4");
  EXPECT_EQ(run({"convert", folder_ / "clips/", "--style", "small"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "clips-small/b.mp4"));
}

TEST_F(ConvertCommand, RefusesOptionsOfVideosForPhotos) {
  const std::string photo = folder_ / "photo.png";
  media::StillImage image;
  image.width = image.height = 8;
  image.rgb.resize(192);
  media::write_still(photo, image);
  const ProgramResult result =
      run({"convert", photo, "-o", folder_ / "out.png", "--crf", "20", "--style", "small"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("--crf is for videos"));
}

TEST_F(ConvertCommand, TellsWrongUseFromFailure) {
  const std::string a = clip("a.mp4");
  const std::string b = clip("b.mp4");
  EXPECT_EQ(run({"convert", a, "-o", folder_ / "out.mp4", "--paste", "ears"}).exit_code, 2);
  EXPECT_EQ(run({"convert", a, "-o", folder_ / "out.mp4", "--likeness", "2"}).exit_code, 2);
  const ProgramResult result = run({"convert", a, b, "-o", a, "--style", "small"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("there are several inputs"));
  EXPECT_EQ(media::testing::read_all(a).size(), 5U);
}

TEST_F(ConvertCommand, TeachersDrawNoVideosAndNothingThatOnlyNetworksCan) {
  models_.folder().write(
      "inked.toml", "teacher = \"comic\"\nstills = \"teacher\"\n" + std::string(toon::testing::kStyleText));
  const std::string video = clip("a.mp4"), out = folder_ / "out.mp4";
  const auto expect = [&](int code, const std::vector<std::string>& more, const char* words) {
    std::vector<std::string> command = {"convert", video, "-o", out};
    command.insert(command.end(), more.begin(), more.end());
    const ProgramResult result = run(command);
    EXPECT_EQ(result.exit_code, code) << words;
    EXPECT_THAT(result.errors, HasSubstr(words));
    EXPECT_EQ(fs::exists(out), code == 0);
  };
  expect(1, {"--style", "inked", "--draw", "teacher"}, "stills only");
  expect(1, {"--style", "small", "--draw", "teacher"}, "no teacher");
  expect(2, {"--style", "inked", "--draw", "teacher", "--psi", "1"}, "--psi");
  expect(2, {"--style", "inked", "--draw", "somebody"}, "somebody");
  expect(0, {"--style", "inked"}, "no face");  // its network draws videos, and finds none in this one
}

TEST_F(ConvertCommand, GenerateDrawsAGridThatDependsOnTheSeedsAlone) {
  const auto draw = [&](const std::string& seeds, const std::string& name) {
    const ProgramResult result =
        run({"generate", "--seeds", seeds, "--columns", "3", "-o", folder_ / name, "--style", "small"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return media::read_still(folder_ / name);
  };
  const media::StillImage grid = draw("0-4", "a.png");
  EXPECT_EQ(grid.width, 3 * 32);
  EXPECT_EQ(grid.height, 2 * 32);
  EXPECT_EQ(draw("0-4", "b.png").rgb, grid.rgb);
  EXPECT_NE(draw("1-5", "c.png").rgb, grid.rgb);
  EXPECT_EQ(run({"generate", "--seeds", "5-1", "-o", folder_ / "d.png", "--style", "small"}).exit_code, 2);
  EXPECT_EQ(run({"generate", "--style", "small", "--generator", "x", "-o", folder_ / "d.png"}).exit_code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "d.png"));
}

}  // namespace
}  // namespace toonmirror::cli
