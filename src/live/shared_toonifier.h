// The toonifier of a live mirror: many draw with it, and now and then somebody changes it.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>

#include "toon/toonifier.h"

namespace toonmirror::live {

class SharedToonifier {
 public:
  explicit SharedToonifier(std::shared_ptr<toon::Toonifier> toonifier) : toonifier_(std::move(toonifier)) {}

  // Calls `what` with the toonifier, which stays as it is meanwhile.
  template <typename What>
  auto use(const What& what) const {
    std::shared_lock<std::shared_mutex> lock;
    {
      const std::lock_guard gate(gate_);
      lock = std::shared_lock(mutex_);
    }
    const toon::Toonifier& toonifier = *toonifier_;
    return what(toonifier);
  }

  // Calls `what` with the pointer to it while nobody uses it.
  template <typename What>
  void change(const What& what) {
    const std::lock_guard gate(gate_);
    const std::unique_lock lock(mutex_);
    what(toonifier_);
  }

 private:
  // Whoever wants either passes the gate first, or those who draw, one of whom always does, would keep the
  // others out for ever.
  mutable std::mutex gate_;
  mutable std::shared_mutex mutex_;
  std::shared_ptr<toon::Toonifier> toonifier_;
};

}  // namespace toonmirror::live
