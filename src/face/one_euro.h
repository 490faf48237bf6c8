// The One-Euro filter (Casiez, Roussel, Vogel 2012): a low pass whose cutoff rises with the speed of the
// signal, so that what stands still does not tremble and what moves does not lag.
#pragma once

#include <opencv2/core.hpp>
#include <span>
#include <vector>

namespace toonmirror::face {

struct OneEuroOptions {
  double min_cutoff_hz = 1;  // how much a signal at rest is steadied: lower is steadier
  double beta = 10;  // cutoff in Hz gained per unit/s of speed; bounds the lag to 1 / (2 pi beta) units
  double speed_cutoff_hz = 2;  // low pass of the speed itself: higher reacts sooner, and to noise as well
};

// Filters points of the plane, each with a cutoff of its own.
class OneEuroFilter {
 public:
  explicit OneEuroFilter(const OneEuroOptions& options) : options_(options) {}

  // Replaces `points` by their filtered values. The first call fixes the number of points and returns them
  // unchanged. `unit_px` is the length in which speed is measured, such as the size of the face, so that
  // faces of all sizes are filtered alike; `interval_s` > 0 is the time since the call before.
  void update(std::span<cv::Point2d> points, double unit_px, double interval_s);

 private:
  OneEuroOptions options_;
  std::vector<cv::Point2d> filtered_;
  std::vector<cv::Point2d> raw_;
  std::vector<cv::Point2d> speed_;  // units per second
};

}  // namespace toonmirror::face
