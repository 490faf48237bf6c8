// A live input on a thread of its own: the newest picture is always at hand, and a source that is lost is
// opened again when it returns.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "media/live_input.h"

namespace toonmirror::media {

enum class CaptureState { kOpening, kRunning, kLost };

struct CaptureStatus {
  CaptureState state = CaptureState::kOpening;
  std::string text;      // what is running, or why it is lost
  std::string hint;      // what to do about that
  int64_t captured = 0;  // pictures
  int64_t dropped = 0;   // of them never taken
  double frames_per_second = 0;
};

class Capture {
 public:
  // Opens at once, in the background. Throws nothing: status() tells what became of it.
  explicit Capture(LiveInputOptions options);
  // Takes less than 0.3 s, even where the source hangs: its thread is then left to itself.
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // The newest picture that was not taken yet; waits for it up to `timeout`.
  std::optional<LiveFrame> wait(std::chrono::milliseconds timeout);

  // Ends a wait that is going on.
  void wake();

  CaptureStatus status() const;
  const LiveInputOptions& options() const { return options_; }

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared, const LiveInputOptions& options);

  LiveInputOptions options_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace toonmirror::media
