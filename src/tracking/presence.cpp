#include "tracking/presence.h"

#include <algorithm>

namespace toonmirror::tracking {
namespace {

// What `step_s` is of the way that takes `whole_s`.
double share(double step_s, double whole_s) { return whole_s > 0 ? step_s / whole_s : 1; }

}  // namespace

double Presence::update(bool seen, double time_s) {
  const double step_s = std::max(time_s - last_s_, 0.0);
  last_s_ = time_s;
  if (seen) {
    presence_ = seen_s_ || eases_first_in_ ? std::min(1.0, presence_ + share(step_s, times_.ease_in_s)) : 1;
    seen_s_ = time_s;
  } else if (seen_s_) {
    const double late_s = time_s - *seen_s_ - times_.hold_s;
    if (late_s > 0) presence_ = std::max(0.0, presence_ - share(std::min(step_s, late_s), times_.ease_out_s));
  }
  return presence_;
}

}  // namespace toonmirror::tracking
