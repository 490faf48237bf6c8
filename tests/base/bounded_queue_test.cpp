#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace toonmirror {
namespace {

TEST(BoundedQueue, DeliversInOrderAndThenEndsAfterClose) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  queue.close();
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CancelDropsWhatIsQueued) {
  const auto value = std::make_shared<int>(1);
  BoundedQueue<std::shared_ptr<int>> queue(2);
  queue.push(value);
  queue.cancel();
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_FALSE(queue.push(value));
}

TEST(BoundedQueue, CloseWakesAConsumerThatWaits) {
  BoundedQueue<int> queue(1);
  std::thread consumer([&queue] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
  consumer.join();
}

TEST(BoundedQueue, CancelWakesAProducerThatWaitsForRoom) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  std::thread producer([&queue] { EXPECT_FALSE(queue.push(2)); });
  queue.cancel();
  producer.join();
}

TEST(BoundedQueue, PopMakesRoomForAProducerThatWaits) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  std::thread producer([&queue] { EXPECT_TRUE(queue.push(2)); });
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  producer.join();
}

TEST(BoundedQueue, NeverHoldsMoreThanItsCapacity) {
  constexpr size_t kCapacity = 4;
  BoundedQueue<int> queue(kCapacity);
  std::thread producer([&queue] {
    for (int value = 0; value < 1000; ++value) queue.push(value);
    queue.close();
  });
  int expected = 0;
  while (const std::optional<int> value = queue.pop()) {
    EXPECT_EQ(*value, expected++);
    EXPECT_LE(queue.size(), kCapacity);
  }
  EXPECT_EQ(expected, 1000);
  producer.join();
}

TEST(BoundedQueue, SeveralConsumersShareEveryValueOnce) {
  constexpr int kValues = 2000;
  BoundedQueue<int> queue(8);
  std::vector<std::vector<int>> received(3);
  std::vector<std::thread> consumers;
  for (std::vector<int>& mine : received) {
    consumers.emplace_back([&queue, &mine] {
      while (const std::optional<int> value = queue.pop()) mine.push_back(*value);
    });
  }
  for (int value = 0; value < kValues; ++value) queue.push(value);
  queue.close();
  for (std::thread& consumer : consumers) consumer.join();

  std::multiset<int> all;
  for (const std::vector<int>& mine : received) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  std::vector<int> expected(kValues);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(std::vector<int>(all.begin(), all.end()), expected);
}

}  // namespace
}  // namespace toonmirror
