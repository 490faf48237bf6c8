// The pipe between a producer that cannot wait and a consumer that wants the newest: a mailbox of one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace toonmirror {

// Any number of threads may put and take.
template <typename T>
class LatestValue {
 public:
  // Replaces a value that nobody has taken, which is then counted as dropped.
  void put(T value) {
    {
      const std::lock_guard lock(mutex_);
      if (value_) ++dropped_;
      value_ = std::move(value);
    }
    changed_.notify_one();
  }

  std::optional<T> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(value_, std::nullopt);
  }

  // Waits for a value; empty after `timeout`, or at once where wake() was called meanwhile.
  std::optional<T> wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    const uint64_t wakes = wakes_;
    changed_.wait_for(lock, timeout, [&] { return value_.has_value() || wakes_ != wakes; });
    return std::exchange(value_, std::nullopt);
  }

  // Ends the waits that are going on.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      ++wakes_;
    }
    changed_.notify_all();
  }

  int64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
  uint64_t wakes_ = 0;
  int64_t dropped_ = 0;
};

}  // namespace toonmirror
