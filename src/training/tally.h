// How far the long jobs beside training are.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace toonmirror::training {

// Says how far a long job is, some ten times in all. For several threads.
class Tally {
 public:
  Tally(std::function<void(const std::string&)> log, std::string what, int64_t total)
      : log_(std::move(log)), what_(std::move(what)), total_(total) {}

  void add(int64_t count) {
    constexpr int64_t kLines = 10;
    const std::lock_guard lock(mutex_);
    const int64_t before = done_ * kLines / total_;
    done_ += count;
    if (done_ * kLines / total_ == before) return;
    log_(std::to_string(done_) + " of " + std::to_string(total_) + " " + what_);
  }

 private:
  std::function<void(const std::string&)> log_;
  std::string what_;
  int64_t total_, done_ = 0;
  std::mutex mutex_;
};

}  // namespace toonmirror::training
