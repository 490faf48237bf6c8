// Automatic quality: what a live picture gives up to come often enough, and takes back when there is time.
// Internal to live_mirror.cpp.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include "toon/drawing_size.h"

namespace toonmirror::live {

struct QualityStep {
  const char* description;
  int detect_every;  // pictures between two searches of the whole picture
  int largest_drawing_px;
  int largest_height_px;  // of the picture that is worked on
};

inline constexpr int kUnlimited_px = 100'000;

inline constexpr std::array<QualityStep, 5> kQualitySteps = {{
    {"full", 30, kUnlimited_px, kUnlimited_px},
    {"faces searched half as often", 60, kUnlimited_px, kUnlimited_px},
    {"drawings of 256 px", 60, toon::DrawingSizes::kSmallest_px, kUnlimited_px},
    {"pictures of at most 480 lines", 60, toon::DrawingSizes::kSmallest_px, 480},
    {"pictures of at most 360 lines", 90, toon::DrawingSizes::kSmallest_px, 360},
}};

class LiveQuality {
 public:
  // 0: never gives anything up.
  explicit LiveQuality(double target_fps) : target_fps_(target_fps) {}

  // A picture was finished.
  void count(std::chrono::steady_clock::time_point now);

  const QualityStep& step() const { return kQualitySteps[step_]; }
  std::string describe() const { return step().description; }

 private:
  double target_fps_;
  std::atomic<size_t> step_ = 0;
  int counted_ = 0;
  int good_spells_ = 0;
  std::chrono::steady_clock::time_point since_;
};

}  // namespace toonmirror::live
