// Work that others ask for and workers do between two pictures.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

namespace toonmirror::live {

// For all threads.
class Orders {
 public:
  // Returns at once.
  void add(std::function<void()> what) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(what));
  }

  // Does what waits, in the order in which it was asked for, unless another thread is at it. Throws what an
  // order throws; those after it wait for the next call.
  void obey() {
    const std::unique_lock alone(obeying_, std::try_to_lock);
    if (!alone) return;
    while (const std::function<void()> what = next()) what();
  }

 private:
  std::function<void()> next() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    std::function<void()> what = std::move(waiting_.front());
    waiting_.pop_front();
    return what;
  }

  std::mutex obeying_, mutex_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace toonmirror::live
