// Steadying latents from frame to frame: small changes of the encoder's output are mostly noise, which shows
// as boiling lines; large ones are expressions and turns, and must not lag.
#pragma once

#include <map>
#include <mutex>

#include "toon/toonifier.h"

namespace toonmirror::toon {

// Used by several threads, whose frames may come a little out of order.
class LatentFilter {
 public:
  // 0: leaves everything as it is; 1: the steadiest.
  void set_stability(double stability);

  // The code of that track's face at that time, steadied: W+ and likeness features move towards it by a share
  // that grows with the time since the last frame and with how far they have to go. A jump (another person,
  // a cut) is followed at once. Codes older than the last one get what the last one became.
  void smooth(int track_id, double time_s, FaceCode& code);

  void reset();

 private:
  struct State {
    double time_s = 0;
    at::Tensor ws;
    nets::LikenessFeatures features;
  };

  std::mutex mutex_;
  double stability_ = 0.5;
  std::map<int, State> states_;
};

}  // namespace toonmirror::toon
