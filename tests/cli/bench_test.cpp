// The command bench and the option --engine, run as a user runs them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/program.h"

namespace toonmirror::cli {
namespace {

using ::testing::HasSubstr;
using toonmirror::testing::ProgramResult;
using toonmirror::testing::run_program;

TEST(BenchCommand, TellsEngineAgainstTorch) {
  const ProgramResult result =
      run_program(TOONMIRROR_PROGRAM, {"bench", "--only", "house-encoder", "--seconds", "0", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["ratios"].size(), 1);
  EXPECT_GT(json["ratios"]["house-encoder"].get<double>(), 0);
  ASSERT_GE(json["rows"].size(), 2);
  EXPECT_EQ(json["rows"][0]["engine"], "torch");
  EXPECT_EQ(json["rows"][1]["engine"], "onednn");
  for (const auto& row : json["rows"]) {
    // What the network was designed to cost.
    EXPECT_NEAR(row["gflop"].get<double>(), 1.87, 0.1);
    EXPECT_LE(row["p50_ms"].get<double>(), row["p95_ms"].get<double>());
    EXPECT_GE(row["runs"].get<int>(), 3);
  }
}

TEST(BenchCommand, MeasuresSeveralScenesApart) {
  const ProgramResult result =
      run_program(TOONMIRROR_PROGRAM, {"bench", "--only", "house-encoder", "--only", "house-generator",
                                       "--seconds", "0", "--threads", "1", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["ratios"].size(), 2);
  EXPECT_EQ(json["machine"]["threads"], 1);
  EXPECT_EQ(json["rows"].front()["scene"], "house-encoder");
  EXPECT_EQ(json["rows"].back()["scene"], "house-generator");
}

TEST(BenchCommand, KnowsItsScenes) {
  const ProgramResult result = run_program(TOONMIRROR_PROGRAM, {"bench", "--only", "nothing"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("nothing"));
}

TEST(EngineOption, RefusesWhatTorchDoesNotCompute) {
  const ProgramResult result = run_program(
      TOONMIRROR_PROGRAM, {"generate", "--engine", "torch", "--precision", "bf16", "-o", "/tmp/never.png"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("fp32 alone"));
}

}  // namespace
}  // namespace toonmirror::cli
