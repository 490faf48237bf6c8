// Where the results of parallel workers come together again: values leave in the order of their numbers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace toonmirror {

// Any number of threads push, one pops. Values are numbered 0, 1, 2 …, each number once; at most `capacity`
// values wait. The next value in line is always let in, so workers that take up values in the order of their
// numbers cannot block each other.
template <typename T>
class OrderedQueue {
 public:
  explicit OrderedQueue(int64_t capacity) : capacity_(capacity > 0 ? capacity : 1) {}
  OrderedQueue(const OrderedQueue&) = delete;
  OrderedQueue& operator=(const OrderedQueue&) = delete;

  // Waits while `number` is too far ahead. False, with the value dropped, once the queue is cancelled.
  bool push(int64_t number, T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancelled_ || number < next_ + capacity_; });
    if (cancelled_) return false;
    values_.emplace(number, std::move(value));
    changed_.notify_all();
    return true;
  }

  // Waits for the next value in line. Empty once the queue is cancelled, or closed and everything was
  // delivered.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return cancelled_ || values_.contains(next_) || (closed_ && values_.empty()); });
    if (cancelled_ || values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.extract(next_).mapped()));
    ++next_;
    changed_.notify_all();
    return value;
  }

  // No more values will be pushed.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  // Drops what waits and wakes everybody.
  void cancel() {
    std::map<int64_t, T> dropped;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    dropped.swap(values_);
    cancelled_ = true;
    changed_.notify_all();
  }

 private:
  const int64_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, T> values_;
  int64_t next_ = 0;
  bool closed_ = false;
  bool cancelled_ = false;
};

}  // namespace toonmirror
