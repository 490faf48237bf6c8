#include "face/warp.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "base/error.h"

namespace toonmirror::face {

namespace {

// The pixels of the source that the target may look at, or all where it looks at none (its border then fills
// it). `scale`: source pixels a target pixel.
cv::Rect region_seen(const cv::Mat& source, const cv::Matx23d& source_from_target, cv::Size size,
                     double scale) {
  double left = HUGE_VAL, top = HUGE_VAL, right = -HUGE_VAL, bottom = -HUGE_VAL;
  for (const cv::Point2d corner :
       {cv::Point2d(0, 0), cv::Point2d(size.width - 1, 0), cv::Point2d(0, size.height - 1),
        cv::Point2d(size.width - 1, size.height - 1)}) {
    const cv::Vec2d p = source_from_target * cv::Vec3d(corner.x, corner.y, 1);
    left = std::min(left, p[0]);
    right = std::max(right, p[0]);
    top = std::min(top, p[1]);
    bottom = std::max(bottom, p[1]);
  }
  double margin = 4 * std::max(scale, 1.0);
  const bool inside = left >= margin && top >= margin && right < source.cols - margin - 1 &&
                      bottom < source.rows - margin - 1;
  // A mirrored border needs as much of the picture inside as lies outside.
  if (!inside) margin += 0.25 * scale * size.width;
  const auto clamped = [](double value, int end) {
    return static_cast<int>(std::clamp(value, 0.0, double(end)));
  };
  const cv::Point first(clamped(std::floor(left - margin), source.cols),
                        clamped(std::floor(top - margin), source.rows));
  const cv::Point end(clamped(std::ceil(right + margin) + 1, source.cols),
                      clamped(std::ceil(bottom + margin) + 1, source.rows));
  const cv::Rect region(first, end);
  return region.empty() ? cv::Rect({}, source.size()) : region;
}

}  // namespace

void require_rgb(const cv::Mat& picture, const char* who) {
  if (picture.empty() || picture.type() != CV_8UC3) {
    throw Error(std::string(who) + ": the picture is not 8-bit RGB, or is empty");
  }
}

cv::Matx23d compose(const cv::Matx23d& a, const cv::Matx23d& b) {
  const cv::Matx33d b3(b(0, 0), b(0, 1), b(0, 2), b(1, 0), b(1, 1), b(1, 2), 0, 0, 1);
  return a * b3;
}

cv::Matx23d scaling(double factor_x, double factor_y) {
  return {factor_x, 0, 0.5 * factor_x - 0.5, 0, factor_y, 0.5 * factor_y - 0.5};
}

cv::Matx23d translation(const cv::Point2d& offset) { return {1, 0, offset.x, 0, 1, offset.y}; }

cv::Mat resample(const cv::Mat& source, const cv::Matx23d& source_from_target, cv::Size size,
                 int interpolation, int border) {
  const double scale = std::sqrt(std::abs(source_from_target(0, 0) * source_from_target(1, 1) -
                                          source_from_target(0, 1) * source_from_target(1, 0)));
  const cv::Rect region = region_seen(source, source_from_target, size, scale);
  cv::Mat seen = source(region);
  cv::Matx23d seen_from_target = compose(translation(-cv::Point2d(region.tl())), source_from_target);
  // Two source pixels between two samples are all heard by linear interpolation, nearly.
  constexpr double kLinearReach = 1.6;
  if (scale > (interpolation == cv::INTER_LINEAR ? kLinearReach : 1)) {
    const cv::Size reduced_size(std::max(1, int(std::lround(region.width / scale))),
                                std::max(1, int(std::lround(region.height / scale))));
    cv::Mat reduced;
    cv::resize(seen, reduced, reduced_size, 0, 0, cv::INTER_AREA);
    seen_from_target = compose(
        scaling(double(reduced_size.width) / region.width, double(reduced_size.height) / region.height),
        seen_from_target);
    seen = reduced;
  }
  cv::Mat target;
  cv::warpAffine(seen, target, cv::Mat(seen_from_target), size, interpolation | cv::WARP_INVERSE_MAP, border);
  return target;
}

}  // namespace toonmirror::face
