#include "live/quality.h"

#include <spdlog/spdlog.h>

namespace toonmirror::live {

void LiveQuality::count(std::chrono::steady_clock::time_point now) {
  constexpr double kSpell_s = 2, kTooSlow = 0.95, kEnoughTime = 1.25;
  constexpr int kSpellsToTrust = 4;
  if (target_fps_ <= 0) return;
  if (counted_++ == 0) since_ = now;
  const double seconds = std::chrono::duration<double>(now - since_).count();
  if (seconds < kSpell_s) return;
  const double fps = (counted_ - 1) / seconds;
  counted_ = 0;
  if (fps < kTooSlow * target_fps_ && step_ + 1 < kQualitySteps.size()) {
    ++step_;
    good_spells_ = 0;
  } else if (fps > kEnoughTime * target_fps_ && step_ > 0 && ++good_spells_ >= kSpellsToTrust) {
    --step_;
    good_spells_ = 0;
  } else {
    return;
  }
  spdlog::info("{:.0f} pictures a second, {:.0f} wanted: quality now: {}", fps, target_fps_, describe());
}

}  // namespace toonmirror::live
