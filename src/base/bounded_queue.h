// The pipe between two stages of a pipeline: a first-in-first-out queue of limited length.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace toonmirror {

// Any number of threads may push and pop. A stage that is done calls close(): what is queued is still
// delivered. A stage that failed calls cancel() on every queue it touches: what is queued is dropped, and all
// threads that wait wake up.
template <typename T>
class BoundedQueue {
 public:
  // `capacity` is at least 1.
  explicit BoundedQueue(size_t capacity) : capacity_(capacity > 0 ? capacity : 1) {}
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Waits while the queue is full. False, with the value dropped, once the queue is closed or cancelled: the
  // producer should stop.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [this] { return closed_ || values_.size() < capacity_; });
    if (closed_) return false;
    values_.push_back(std::move(value));
    lock.unlock();
    has_value_.notify_one();
    return true;
  }

  // Waits while the queue is empty and open. Empty once it is cancelled, or closed and everything was
  // delivered.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    has_value_.wait(lock, [this] { return closed_ || !values_.empty(); });
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    lock.unlock();
    has_room_.notify_one();
    return value;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_all();
  }

  void cancel() {
    std::deque<T> dropped;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    dropped.swap(values_);
    closed_ = true;
    wake_all();
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  void wake_all() {
    has_value_.notify_all();
    has_room_.notify_all();
  }

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable has_value_;
  std::condition_variable has_room_;
  std::deque<T> values_;
  bool closed_ = false;
};

}  // namespace toonmirror
