#include "face/cut_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace toonmirror::face {

namespace {

constexpr double kSureChange = 50;        // mean change in grey levels that no motion makes
constexpr double kLeastChange = 14;       // below this nothing is a cut
constexpr double kTimesUsual = 3;         // between the two: so many times the usual change, and
constexpr double kHistogramChange = 0.2;  // so large a part of the pixels in other bins of the histogram

cv::Mat thumbnail_of(const cv::Mat& rgb) {
  // Nearest first: touching every pixel of a large frame would cost more than the comparison is worth.
  cv::Mat sampled, small, grey;
  cv::resize(rgb, sampled, {128, 128}, 0, 0, cv::INTER_NEAREST);
  cv::resize(sampled, small, {32, 32}, 0, 0, cv::INTER_AREA);
  cv::cvtColor(small, grey, cv::COLOR_RGB2GRAY);
  return grey;
}

// The part of the pixels that would have to change their bin of 16 grey levels, in [0, 1].
double histogram_distance(const cv::Mat& a, const cv::Mat& b) {
  std::array<int, 16> surplus{};
  std::for_each(a.begin<uchar>(), a.end<uchar>(), [&](uchar value) { ++surplus[value / 16]; });
  std::for_each(b.begin<uchar>(), b.end<uchar>(), [&](uchar value) { --surplus[value / 16]; });
  int sum = 0;
  for (int count : surplus) {
    sum += std::abs(count);
  }
  return 0.5 * sum / static_cast<double>(a.total());
}

}  // namespace

bool CutDetector::is_cut(const cv::Mat& rgb) {
  const cv::Mat thumbnail = thumbnail_of(rgb);
  const cv::Mat previous = std::exchange(thumbnail_, thumbnail);
  if (previous.empty()) {
    return false;
  }
  const double change = cv::norm(thumbnail, previous, cv::NORM_L1) / static_cast<double>(thumbnail.total());
  const bool cut = change > kSureChange || (change > kLeastChange && change > kTimesUsual * usual_change_ &&
                                            histogram_distance(thumbnail, previous) > kHistogramChange);
  usual_change_ = cut ? 0 : 0.7 * usual_change_ + 0.3 * change;
  return cut;
}

}  // namespace toonmirror::face
