#include "base/latest_value.h"

#include <gtest/gtest.h>

#include <thread>

namespace toonmirror {
namespace {

using std::chrono::milliseconds;

TEST(LatestValue, KeepsTheNewestAndCountsTheRest) {
  LatestValue<int> mailbox;
  EXPECT_FALSE(mailbox.take());
  for (const int value : {1, 2, 3}) mailbox.put(value);
  EXPECT_EQ(mailbox.take(), 3);
  EXPECT_EQ(mailbox.dropped(), 2);
  EXPECT_FALSE(mailbox.take());
}

TEST(LatestValue, WaitsForAValueButNotForEver) {
  LatestValue<int> mailbox;
  EXPECT_FALSE(mailbox.wait(milliseconds(1)));
  std::jthread producer([&] { mailbox.put(7); });
  EXPECT_EQ(mailbox.wait(milliseconds(10000)), 7);
}

TEST(LatestValue, WakeEndsAWait) {
  LatestValue<int> mailbox;
  std::optional<int> found = 1;
  {
    std::jthread consumer([&] {
      // A wake that comes before the wait must not be waited for: it is repeated.
      found = mailbox.wait(milliseconds(60000));
    });
    for (int i = 0; i < 50; ++i) {
      mailbox.wake();
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  EXPECT_FALSE(found);
}

TEST(LatestValue, HandsEveryValueToOneTakerAtMost) {
  LatestValue<int> mailbox;
  std::atomic<int64_t> taken = 0, last = 0;
  constexpr int kCount = 20000;
  {
    std::vector<std::jthread> takers;
    for (int i = 0; i < 2; ++i) {
      takers.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) taken += mailbox.wait(milliseconds(1)) ? 1 : 0;
      });
    }
    for (int i = 0; i < kCount; ++i) mailbox.put(i);
    for (std::jthread& taker : takers) taker.request_stop();
  }
  taken += mailbox.take() ? 1 : 0;
  EXPECT_EQ(taken + mailbox.dropped(), kCount);
}

}  // namespace
}  // namespace toonmirror
