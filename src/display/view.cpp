#include "display/view.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::display {

cv::Rect fitted(cv::Size picture, cv::Size window) {
  if (picture.area() <= 0 || window.area() <= 0) return {{0, 0}, window};
  const double scale = std::min(double(window.width) / picture.width, double(window.height) / picture.height);
  const int width = std::max(1, static_cast<int>(std::lround(scale * picture.width)));
  const int height = std::max(1, static_cast<int>(std::lround(scale * picture.height)));
  return {(window.width - width) / 2, (window.height - height) / 2, width, height};
}

cv::Rect inset_place(const cv::Rect& picture, cv::Size inset) {
  constexpr double kShare = 0.25, kMargin = 0.02;
  if (inset.area() <= 0) return {};
  const int width = static_cast<int>(kShare * picture.width), height = width * inset.height / inset.width;
  const int margin = static_cast<int>(kMargin * picture.width);
  return {picture.br().x - width - margin, picture.br().y - height - margin, width, height};
}

bool can_wipe(const cv::Mat& before, const cv::Mat& after) {
  return !before.empty() && before.size() == after.size();
}

}  // namespace toonmirror::display
