#include "base/parallel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace toonmirror {
namespace {

TEST(RunInOrder, DeliversEverythingInOrder) {
  int next = 0;
  std::vector<int> results;
  run_in_order(
      {3, {}}, [&]() -> std::optional<int> { return next < 200 ? std::optional(next++) : std::nullopt; },
      [](int job) {
        if (job % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return 2 * job;
      },
      [&](int result) { results.push_back(result); });
  ASSERT_EQ(results.size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(results[static_cast<size_t>(i)], 2 * i);
}

TEST(RunInOrder, EndsWithTheFirstException) {
  const auto endless = []() -> std::optional<int> { return 1; };
  const auto keep = [](int job) { return job; };
  const auto ignore = [](int) {};
  const auto fail = [](int) -> int { throw std::runtime_error("work"); };
  EXPECT_THROW(run_in_order({2, {}}, endless, fail, ignore), std::runtime_error);
  EXPECT_THROW(run_in_order({2, {}}, endless, keep, [](int) { throw std::logic_error("consume"); }),
               std::logic_error);
  const auto broken = []() -> std::optional<int> { throw std::range_error("produce"); };
  EXPECT_THROW(run_in_order({2, {}}, broken, keep, ignore), std::range_error);
}

TEST(RunInOrder, NothingToDoIsDone) {
  int results = 0;
  run_in_order(
      {2, {}}, []() -> std::optional<int> { return std::nullopt; }, [](int job) { return job; },
      [&](int) { ++results; });
  EXPECT_EQ(results, 0);
}

TEST(ForEachIndex, CallsEachNumberOnceWithABodyPerThread) {
  std::vector<std::atomic<int>> calls(100);
  std::atomic<int> begun = 0, bodies = 0;
  for_each_index(calls.size(), {3, [&] { ++begun; }}, [&] {
    ++bodies;
    return [&](size_t i) { ++calls[i]; };
  });
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(bodies, 3);
  for (const std::atomic<int>& count : calls) EXPECT_EQ(count, 1);
}

TEST(ForEachIndex, BeginsNothingAfterAnException) {
  std::atomic<int> calls = 0;
  const auto fail = [&] {
    return [&](size_t) {
      ++calls;
      throw std::runtime_error("body");
    };
  };
  EXPECT_THROW(for_each_index(1000, {2, {}}, fail), std::runtime_error);
  EXPECT_LE(calls, 2);
  const auto broken = [&]() -> std::function<void(size_t)> { throw std::range_error("new body"); };
  EXPECT_THROW(for_each_index(1000, {2, {}}, broken), std::range_error);
}

}  // namespace
}  // namespace toonmirror
