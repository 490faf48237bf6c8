#include "face/one_euro.h"

#include <numbers>

namespace toonmirror::face {

namespace {

// The share of the new value in an exponential average with this cutoff.
double weight(double cutoff_hz, double interval_s) {
  const double tau_s = 1 / (2 * std::numbers::pi * cutoff_hz);
  return interval_s / (interval_s + tau_s);
}

}  // namespace

void OneEuroFilter::update(std::span<cv::Point2d> points, double unit_px, double interval_s) {
  if (filtered_.empty()) {
    filtered_.assign(points.begin(), points.end());
    raw_ = filtered_;
    speed_.assign(points.size(), {});
    return;
  }
  const double speed_weight = weight(options_.speed_cutoff_hz, interval_s);
  for (size_t i = 0; i < points.size(); ++i) {
    const cv::Point2d speed = (points[i] - raw_[i]) / (unit_px * interval_s);
    raw_[i] = points[i];
    speed_[i] += speed_weight * (speed - speed_[i]);
    const double cutoff_hz = options_.min_cutoff_hz + options_.beta * cv::norm(speed_[i]);
    filtered_[i] += weight(cutoff_hz, interval_s) * (points[i] - filtered_[i]);
    points[i] = filtered_[i];
  }
}

}  // namespace toonmirror::face
