#include "toon/square_pixels.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace toonmirror::toon {

cv::Mat SquarePixels::stretch(const cv::Mat& rgb) const {
  if (identity()) return rgb;
  cv::Mat stretched;
  cv::resize(rgb, stretched, {stretch_.width(rgb.cols), stretch_.height(rgb.rows)}, 0, 0, cv::INTER_CUBIC);
  return stretched;
}

cv::Rect SquarePixels::take_changes(const cv::Mat& before, const cv::Mat& after, const cv::Rect& changed,
                                    cv::Mat& rgb) const {
  if (changed.empty()) return {};
  // The difference is what is resampled: what was not drawn on stays exactly as it was.
  cv::Mat difference;
  cv::subtract(after, before, difference, cv::noArray(), CV_16S);
  cv::resize(difference, difference, rgb.size(), 0, 0, cv::INTER_AREA);
  const cv::Point2d scale(double(before.cols) / rgb.cols, double(before.rows) / rgb.rows);
  const cv::Point first(int(std::floor(changed.x / scale.x)), int(std::floor(changed.y / scale.y)));
  const cv::Point end(int(std::ceil((changed.x + changed.width) / scale.x)),
                      int(std::ceil((changed.y + changed.height) / scale.y)));
  const cv::Rect region = cv::Rect(first, end) & cv::Rect({}, rgb.size());
  cv::Mat target = rgb(region);
  cv::add(target, difference(region), target, cv::noArray(), CV_8U);
  return region;
}

}  // namespace toonmirror::toon
