#include "base/interrupt.h"

#include <atomic>
#include <csignal>

namespace toonmirror {
namespace {

std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int) { stop_requested = true; }

}  // namespace

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  // Reset: the second signal ends the program. Restart: a read or write that the first one hits goes on.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // The terminal was closed; nohup has it ignored, and so it stays.
  struct sigaction present {};
  if (sigaction(SIGHUP, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, nullptr);
  }
}

bool interrupted() noexcept { return stop_requested; }

void throw_if_interrupted() {
  if (stop_requested) throw Interrupted();
}

}  // namespace toonmirror
