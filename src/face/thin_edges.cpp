#include "face/thin_edges.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace toonmirror::face {
namespace {

// All in pixels of the drawing before it was enlarged.
constexpr double kLeastScale = 1.2;  // below it there is nothing to gain
constexpr double kSmooth = 0.4;      // standard deviation: interpolation leaves ripples
constexpr double kPull = 0.5;        // square pixels: twice as far from the edge, at usual edges
constexpr float kFarthest = 0.6F;
constexpr float kNoise = 3;  // grey levels a pixel: fainter edges move less

// Strength of the edges, grey levels a pixel of the drawing, CV_32FC1.
cv::Mat edge_strength(const cv::Mat& rgb, double scale) {
  cv::Mat grey, gx, gy, strength;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  cv::Sobel(grey, gx, CV_32F, 1, 0, 3, scale / 8);
  cv::Sobel(grey, gy, CV_32F, 0, 1, 3, scale / 8);
  cv::magnitude(gx, gy, strength);
  cv::GaussianBlur(strength, strength, {}, kSmooth * scale);
  return strength;
}

}  // namespace

cv::Mat thin_edges(const cv::Mat& enlarged_rgb, double scale) {
  if (scale < kLeastScale) return enlarged_rgb;
  const cv::Mat strength = edge_strength(enlarged_rgb, scale);
  cv::Mat slope_x, slope_y;
  cv::Sobel(strength, slope_x, CV_32F, 1, 0, 3, 1.0 / 8);
  cv::Sobel(strength, slope_y, CV_32F, 0, 1, 3, 1.0 / 8);
  // An edge's profile is close to a Gaussian: the slope of its logarithm grows with the distance from the
  // edge, and points to it.
  const auto pull = static_cast<float>(kPull * scale * scale), most = kFarthest * static_cast<float>(scale);
  cv::Mat places(enlarged_rgb.size(), CV_32FC2);
  for (int y = 0; y < places.rows; ++y) {
    const auto* s = strength.ptr<float>(y);
    const auto *sx = slope_x.ptr<float>(y), *sy = slope_y.ptr<float>(y);
    auto* place = places.ptr<cv::Vec2f>(y);
    for (int x = 0; x < places.cols; ++x) {
      const float share = -pull / (s[x] + kNoise);
      place[x] = {static_cast<float>(x) + std::clamp(share * sx[x], -most, most),
                  static_cast<float>(y) + std::clamp(share * sy[x], -most, most)};
    }
  }
  cv::Mat result;
  cv::remap(enlarged_rgb, result, places, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return result;
}

}  // namespace toonmirror::face
