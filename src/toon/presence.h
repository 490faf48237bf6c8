// How much of something that follows a face shows, while the face comes, is lost and comes back.
#pragma once

#include <optional>

namespace toonmirror::toon {

// Seconds.
struct PresenceTimes {
  double hold_s = 0;      // after the face was last seen, before anything changes
  double ease_out_s = 0;  // from 1 to 0; 0: at once
  double ease_in_s = 0;   // from 0 to 1 when the face is back; 0: at once
};

// Nothing before the first face, all of it at once with the first one, eased from then on. A function of time: how
// many pictures there are in between changes nothing of the way out.
class Presence {
 public:
  explicit Presence(const PresenceTimes& times) : times_(times) {}

  // Whether the face is seen in the picture at `time_s`; pictures come in the order of time. Returns 0 … 1.
  double update(bool seen, double time_s);

 private:
  PresenceTimes times_;
  double presence_ = 0, last_s_ = 0;
  std::optional<double> seen_s_;  // for the last time
};

// Of a face that drives an avatar: after a moment the avatar comes to rest.
inline constexpr PresenceTimes kDrivingPresence = {.hold_s = 0.4, .ease_out_s = 0.8, .ease_in_s = 0.3};

}  // namespace toonmirror::toon
