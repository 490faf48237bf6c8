#include "base/ordered_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace toonmirror {
namespace {

using namespace std::chrono_literals;

TEST(OrderedQueue, DeliversInOrderWhatComesInAnyOrder) {
  OrderedQueue<int> queue(8);
  for (const int i : {3, 1, 0, 2}) EXPECT_TRUE(queue.push(i, 10 * i));
  queue.close();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.pop(), 10 * i);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(OrderedQueue, ManyWorkersNeverOverfillOrBlockIt) {
  constexpr int kCount = 2000;
  constexpr int kCapacity = 3;
  OrderedQueue<int> queue(kCapacity);
  std::atomic<int> taken_up = 0;
  std::atomic<int> waiting = 0;
  std::atomic<bool> overfull = false;
  std::vector<std::jthread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (int i = taken_up++; i < kCount; i = taken_up++) {
        queue.push(i, i);
        if (++waiting > kCapacity + 1) overfull = true;  // + 1: one may be popped but not counted yet
      }
    });
  }
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(queue.pop(), i);
    --waiting;
  }
  EXPECT_FALSE(overfull);
}

TEST(OrderedQueue, HoldsBackAValueThatIsTooFarAhead) {
  OrderedQueue<int> queue(2);
  std::future<bool> pushed = std::async(std::launch::async, [&] { return queue.push(2, 2); });
  EXPECT_EQ(pushed.wait_for(20ms), std::future_status::timeout);
  queue.push(0, 0);
  EXPECT_EQ(queue.pop(), 0);
  EXPECT_TRUE(pushed.get());
}

TEST(OrderedQueue, CancellingWakesBothEnds) {
  OrderedQueue<int> queue(1);
  std::future<bool> pushed = std::async(std::launch::async, [&] { return queue.push(1, 1); });
  std::future<std::optional<int>> popped = std::async(std::launch::async, [&] { return queue.pop(); });
  queue.cancel();
  EXPECT_FALSE(pushed.get());
  EXPECT_EQ(popped.get(), std::nullopt);
  EXPECT_FALSE(queue.push(0, 0));
}

}  // namespace
}  // namespace toonmirror
