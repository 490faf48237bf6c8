// The command evaluate: its figures on made-up values, and on portraits and a clip where they are present.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/evaluate_report.h"
#include "media/fixtures.h"
#include "nets/house_encoder.h"
#include "support/nets_folder.h"
#include "support/program.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using toonmirror::testing::ProgramResult;
using toonmirror::testing::run_program;
using toonmirror::testing::TemporaryFolder;

TEST(Spread, OfValuesInAnyOrder) {
  const Spread spread = spread_of({5, 1, 4, 2, 3, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(spread.count, 11U);
  EXPECT_DOUBLE_EQ(spread.mean, 6);
  EXPECT_DOUBLE_EQ(spread.p10, 2);
  EXPECT_DOUBLE_EQ(spread.p90, 10);
  EXPECT_EQ(spread_of({}).count, 0U);
}

TEST(ParserFigures, CountWhatBothSeeAgainstWhatEitherSees) {
  ParserCounts counts = ParserCounts::zeros();
  counts(0, 0) = 60;
  counts(1, 1) = 20;
  counts(0, 1) = 20;
  const std::vector<double> iou = intersection_over_union(counts);
  EXPECT_DOUBLE_EQ(iou[0], 0.75);
  EXPECT_DOUBLE_EQ(iou[1], 0.5);
  EXPECT_TRUE(std::isnan(iou[2]));
}

TEST(Groups, AreBandsOfAgeAndTonesOfSkin) {
  EXPECT_EQ(age_band(0), "0-9");
  EXPECT_EQ(age_band(20), "20-39");
  EXPECT_EQ(age_band(59), "40-59");
  EXPECT_EQ(age_band(99), "60+");
  const cv::Mat labels(64, 64, CV_8U, cv::Scalar(static_cast<int>(nets::FaceClass::kSkin)));
  const auto tone = [&labels](int r, int g, int b) {
    return skin_tone(cv::Mat(64, 64, CV_8UC3, cv::Scalar(r, g, b)), labels);
  };
  EXPECT_EQ(tone(240, 210, 195), "light");
  EXPECT_EQ(tone(175, 130, 98), "tan");
  EXPECT_EQ(tone(90, 60, 45), "dark");
  EXPECT_EQ(skin_tone(cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(0)), cv::Mat::zeros(64, 64, CV_8U)), "");
}

TEST(Report, SaysTheSameInBothForms) {
  EvaluationReport report;
  report.style = "toon";
  report.photos.emplace();
  report.photos->photos = {{"a.jpg", {{"age", "0-9"}}, {{"identity", 0.5}}},
                           {"b.jpg", {{"age", "60+"}}, {{"identity", 0.7}}}};
  report.clips = {{"still.mp4", 9, 9, 5, 0.2, 0.3, 1, 2}, {"moving.mp4", 9, 9, 0}};
  const nlohmann::json json = to_json(report);
  EXPECT_NEAR(json["photos"]["figures"]["identity"]["mean"].get<double>(), 0.6, 1e-9);
  EXPECT_NEAR(json["photos"]["groups"]["age"]["60+"]["identity"].get<double>(), 0.7, 1e-9);
  EXPECT_NEAR(json["steadiness"]["jitter_ratio"].get<double>(), 1.5, 1e-9);
  EXPECT_NEAR(json["steadiness"]["boil_ratio"].get<double>(), 2, 1e-9);
  const std::string table = to_table(report);
  EXPECT_THAT(table, HasSubstr("0.6000"));
  EXPECT_THAT(table, HasSubstr("60+"));
  EXPECT_THAT(table, HasSubstr("jitter 1.50"));
}

TEST(Sharpness, IsLostWhereAPictureIsEnlarged) {
  cv::Mat noise(512, 512, CV_8UC3);
  cv::randu(noise, cv::Scalar::all(0), cv::Scalar::all(255));
  cv::Mat area = cv::Mat::zeros(256, 256, CV_8U);
  area(cv::Rect(64, 64, 128, 128)) = 255;
  const double sharp = sharpness(noise, area);
  EXPECT_GT(sharp, 0.05);
  EXPECT_LT(sharpness(resized(noise, 256), area), 0.6 * sharp);
  EXPECT_EQ(sharpness(cv::Mat(256, 256, CV_8UC3, cv::Scalar::all(90)), area), 0);
  // Only what lies in the area counts.
  cv::Mat outside = noise.clone();
  outside(cv::Rect(96, 96, 320, 320)) = cv::Scalar::all(128);
  EXPECT_LT(sharpness(outside, area), 1e-6);
  EXPECT_EQ(sharpness(noise, cv::Mat::zeros(256, 256, CV_8U)), 0);
}

TEST(FaceArea, IsSkinAndFeatures) {
  cv::Mat labels(1, 11, CV_8U);
  for (int i = 0; i < 11; ++i) labels.at<uint8_t>(0, i) = static_cast<uint8_t>(i);
  const cv::Mat area = face_area(labels);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(area.at<uint8_t>(0, i), i >= 1 && i <= 7 ? 255 : 0) << i;
}

TEST(Report, SaysWhatSeedsAreWorth) {
  EvaluationReport report;
  report.style = "face";
  report.seeds.emplace();
  report.seeds->seeds = 50;
  report.seeds->identity_between = 0.125;
  EXPECT_EQ(to_json(report)["seeds"]["seeds"], 50);
  EXPECT_DOUBLE_EQ(to_json(report)["seeds"]["identity_between"].get<double>(), 0.125);
  EXPECT_THAT(to_table(report), HasSubstr("0.1250"));
}

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
