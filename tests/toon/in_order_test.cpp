#include "toon/in_order.h"

#include <gtest/gtest.h>

#include <chrono>
#include <opencv2/core/utility.hpp>
#include <stdexcept>

namespace toonmirror::toon {
namespace {

TEST(RunInOrder, DeliversEverythingInOrder) {
  int next = 0;
  std::vector<int> results;
  run_in_order(
      3, [&]() -> std::optional<int> { return next < 200 ? std::optional(next++) : std::nullopt; },
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
  EXPECT_THROW(run_in_order(2, endless, fail, ignore), std::runtime_error);
  EXPECT_THROW(run_in_order(2, endless, keep, [](int) { throw std::logic_error("consume"); }),
               std::logic_error);
  const auto broken = []() -> std::optional<int> { throw std::range_error("produce"); };
  EXPECT_THROW(run_in_order(2, broken, keep, ignore), std::range_error);
}

TEST(RunInOrder, NothingToDoIsDone) {
  int results = 0;
  run_in_order(
      2, []() -> std::optional<int> { return std::nullopt; }, [](int job) { return job; },
      [&](int) { ++results; });
  EXPECT_EQ(results, 0);
}

// OpenCV's threads are the whole program's: workers that begin must not take them from each other.
TEST(RunInOrder, WorkersBeginTogether) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int turn = 0; turn < 2000; ++turn) compute_in_this_thread_alone();
    });
  }
  threads.clear();
  EXPECT_EQ(cv::getNumThreads(), 1);
}

}  // namespace
}  // namespace toonmirror::toon
