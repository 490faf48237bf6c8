#include "toon/in_order.h"

#include <gtest/gtest.h>

#include <chrono>
#include <opencv2/imgproc.hpp>
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

// OpenCV's threads are the whole program's: workers that begin must not take them from those at work.
TEST(RunInOrder, WorkersBeginWhileOthersComputeWithOpenCv) {
  const cv::Mat picture(256, 256, CV_8UC3, cv::Scalar(10, 20, 30));
  for (int round = 0; round < 200; ++round) {
    int produced = 0, consumed = 0;
    run_in_order(
        4, [&]() -> std::optional<int> { return produced < 8 ? std::optional(produced++) : std::nullopt; },
        [&](int) {
          cv::Mat larger;
          cv::resize(picture, larger, {512, 512}, 0, 0, cv::INTER_CUBIC);
          return larger.cols;
        },
        [&](int columns) {
          EXPECT_EQ(columns, 512);
          ++consumed;
        });
    ASSERT_EQ(consumed, 8);
  }
}

}  // namespace
}  // namespace toonmirror::toon
