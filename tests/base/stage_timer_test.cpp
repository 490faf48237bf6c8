#include "base/stage_timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace toonmirror {
namespace {

TEST(StageTimer, AddsUpPerStageInTheOrderOfFirstUse) {
  StageTimer timer;
  timer.add("decode", 2, 1);
  timer.add("convert", 10, 9);
  timer.add("decode", 4, 3);
  const std::vector<StageCost> costs = timer.costs();
  ASSERT_EQ(costs.size(), 2U);
  EXPECT_EQ(costs[0].stage, "decode");
  EXPECT_EQ(costs[0].calls, 2);
  EXPECT_DOUBLE_EQ(costs[0].wall_ms, 6);
  EXPECT_DOUBLE_EQ(costs[0].cpu_ms, 4);
  EXPECT_EQ(costs[1].stage, "convert");
}

TEST(StageTimer, PercentilesAreWithinOnePercentOverTheWholeRange) {
  for (const double scale : {0.01, 1.0, 300.0}) {
    StageTimer timer;
    for (int i = 1; i <= 1000; ++i) timer.add("stage", scale * i, 0);
    const StageCost cost = timer.costs().front();
    EXPECT_NEAR(cost.p50_ms, 500 * scale, 5.1 * scale);
    EXPECT_NEAR(cost.p95_ms, 950 * scale, 9.6 * scale);
  }
}

TEST(StageTimer, ExtremeTimesAreCounted) {
  StageTimer timer;
  timer.add("stage", 0, 0);
  timer.add("stage", 1e12, 0);
  EXPECT_EQ(timer.costs().front().calls, 2);
}

TEST(StageTimer, MeasuresFromSeveralThreads) {
  StageTimer timer;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&timer] {
      for (int call = 0; call < 100; ++call) const auto timed = timer.measure("work");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StageCost cost = timer.costs().front();
  EXPECT_EQ(cost.calls, 400);
  EXPECT_GT(cost.wall_ms, 0);
}

TEST(FormatStageCosts, HasOneRowPerStage) {
  StageTimer timer;
  timer.add("decode", 1000, 500);
  EXPECT_EQ(format_stage_costs({}), "stage    calls     p50 ms     p95 ms     wall s      CPU s\n");
  EXPECT_THAT(format_stage_costs(timer.costs()),
              ::testing::MatchesRegex("stage .*\ndecode +1 +[0-9.]+ +[0-9.]+ +1\\.00 +0\\.50\n"));
}

}  // namespace
}  // namespace toonmirror
