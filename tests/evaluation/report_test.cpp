#include "evaluation/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "nets/house_encoder.h"

namespace toonmirror::evaluation {
namespace {

using ::testing::HasSubstr;

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

TEST(Report, ListsBlendsRowByRow) {
  EvaluationReport report;
  report.style = "film";
  report.blends = {{toon::Blend::Side::kFace, 0, 1, 0.5, 2.5},
                   {toon::Blend::Side::kChild, 32, 1.25, 0.75, 1.5}};
  const nlohmann::json json = to_json(report);
  EXPECT_EQ(json["blends"][1]["structure"], "child");
  EXPECT_EQ(json["blends"][1]["split_px"], 32);
  EXPECT_THAT(to_table(report), HasSubstr("the style's below 32 px"));
  EXPECT_THAT(to_table(report), HasSubstr("1.250"));
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

}  // namespace
}  // namespace toonmirror::evaluation
