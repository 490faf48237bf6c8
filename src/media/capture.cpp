#include "media/capture.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/latest_value.h"

namespace toonmirror::media {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(250);
constexpr auto kRetry = std::chrono::milliseconds(1000);

}  // namespace

// Outlives the Capture while its thread hangs.
struct Capture::Shared {
  std::atomic<bool> cancelled = false;
  LatestValue<LiveFrame> frames;

  mutable std::mutex mutex;  // of what follows
  std::condition_variable changed;
  bool ended = false;
  CaptureStatus status;
  Clock::time_point last;

  void set(CaptureState state, const std::string& text, const std::string& hint = {}) {
    const std::lock_guard lock(mutex);
    status.state = state;
    status.text = text;
    status.hint = hint;
  }

  void count(Clock::time_point now) {
    const std::lock_guard lock(mutex);
    constexpr double kSmooth = 0.1;
    if (status.captured++ > 0) {
      const double interval_s = std::max(std::chrono::duration<double>(now - last).count(), 1e-3);
      const double before_s = status.frames_per_second > 0 ? 1 / status.frames_per_second : interval_s;
      status.frames_per_second = 1 / (before_s + kSmooth * (interval_s - before_s));
    }
    last = now;
  }
};

Capture::Capture(LiveInputOptions options)
    : options_(std::move(options)), shared_(std::make_shared<Shared>()) {
  std::thread([shared = shared_, options = options_] {
    run(shared, options);
    const std::lock_guard lock(shared->mutex);
    shared->ended = true;
    shared->changed.notify_all();
  }).detach();
}

Capture::~Capture() {
  shared_->cancelled = true;
  std::unique_lock lock(shared_->mutex);
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, kPatience, [&] { return shared_->ended; });
}

void Capture::run(const std::shared_ptr<Shared>& shared, const LiveInputOptions& options) {
  while (!shared->cancelled) {
    try {
      const std::unique_ptr<LiveInput> input = open_live_input(options, shared->cancelled);
      shared->set(CaptureState::kRunning, input->describe());
      while (!shared->cancelled) {
        LiveFrame frame;
        if (!input->read(frame)) continue;
        shared->count(frame.captured);
        shared->frames.put(std::move(frame));
      }
    } catch (const Interrupted&) {
      return;
    } catch (const Error& error) {
      shared->set(CaptureState::kLost, error.what(), error.hint());
    } catch (const std::exception& error) {
      shared->set(CaptureState::kLost, error.what());
    }
    std::unique_lock lock(shared->mutex);
    shared->changed.wait_for(lock, kRetry, [&] { return shared->cancelled.load(); });
  }
}

std::optional<LiveFrame> Capture::wait(std::chrono::milliseconds timeout) {
  return shared_->frames.wait(timeout);
}

void Capture::wake() { shared_->frames.wake(); }

CaptureStatus Capture::status() const {
  const std::lock_guard lock(shared_->mutex);
  CaptureStatus status = shared_->status;
  status.dropped = shared_->frames.dropped();
  return status;
}

}  // namespace toonmirror::media
