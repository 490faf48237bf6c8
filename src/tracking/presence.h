// How much of something that follows a face shows, while the face comes, is lost and comes back.
#pragma once

#include <optional>

namespace toonmirror::tracking {

// Seconds.
struct PresenceTimes {
  double hold_s = 0;      // after the face was last seen, before anything changes
  double ease_out_s = 0;  // from 1 to 0; 0: at once
  double ease_in_s = 0;   // from 0 to 1 when the face is back; 0: at once
};

// Nothing before the first face, all of it at once with the first one unless that is eased in too, eased from then
// on. A function of time: how
// many pictures there are in between changes nothing of the way out.
class Presence {
 public:
  explicit Presence(const PresenceTimes& times, bool eases_first_in = false)
      : times_(times), eases_first_in_(eases_first_in) {}

  // Whether the face is seen in the picture at `time_s`; pictures come in the order of time. Returns 0 … 1.
  double update(bool seen, double time_s);
  // As of the last picture.
  double value() const { return presence_; }

 private:
  PresenceTimes times_;
  bool eases_first_in_;
  double presence_ = 0, last_s_ = 0;
  std::optional<double> seen_s_;  // for the last time
};

}  // namespace toonmirror::tracking
