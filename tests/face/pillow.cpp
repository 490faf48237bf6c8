#include "pillow.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace toonmirror::face {

namespace {

constexpr int kChannels = 3;
constexpr int kWeightBits = 22;
constexpr double kLanczosRadius = 3;

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

double lanczos(double x) { return std::abs(x) < kLanczosRadius ? sinc(x) * sinc(x / kLanczosRadius) : 0; }

// The source pixels that one target pixel is the weighted sum of.
struct Taps {
  int first = 0;
  std::vector<int32_t> weights;
};

std::vector<Taps> lanczos_taps(int source_size, int target_size) {
  const double scale = double(source_size) / target_size;
  const double stretch = std::max(scale, 1.0);
  const double radius = kLanczosRadius * stretch;
  std::vector<Taps> taps(target_size);
  std::vector<double> weights;
  for (int i = 0; i < target_size; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - radius + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + radius + 0.5), source_size);
    weights.clear();
    double sum = 0;
    for (int j = first; j < end; ++j) {
      weights.push_back(lanczos((j - centre + 0.5) / stretch));
      sum += weights.back();
    }
    taps[i].first = first;
    for (const double weight : weights) {
      taps[i].weights.push_back(static_cast<int32_t>(std::lround(weight / sum * (1 << kWeightBits))));
    }
  }
  return taps;
}

uchar to_byte(int64_t fixed) { return static_cast<uchar>(std::clamp<int64_t>(fixed >> kWeightBits, 0, 255)); }

cv::Mat resize_rows(const cv::Mat& picture, int width) {
  const std::vector<Taps> taps = lanczos_taps(picture.cols, width);
  cv::Mat resized(picture.rows, width, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    const uchar* source = picture.ptr(y);
    uchar* target = resized.ptr(y);
    for (const Taps& tap : taps) {
      std::array<int64_t, kChannels> sum;
      sum.fill(1 << (kWeightBits - 1));
      const uchar* pixel = source + kChannels * tap.first;
      for (const int32_t weight : tap.weights) {
        for (int64_t& value : sum) {
          value += int64_t{weight} * *pixel++;
        }
      }
      target = std::transform(sum.begin(), sum.end(), target, to_byte);
    }
  }
  return resized;
}

cv::Mat resize_columns(const cv::Mat& picture, int height) {
  const std::vector<Taps> taps = lanczos_taps(picture.rows, height);
  cv::Mat resized(height, picture.cols, CV_8UC3);
  std::vector<int64_t> sum(size_t(picture.cols) * kChannels);
  for (int y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 1 << (kWeightBits - 1));
    for (size_t k = 0; k < taps[y].weights.size(); ++k) {
      const uchar* source = picture.ptr(taps[y].first + static_cast<int>(k));
      const int64_t weight = taps[y].weights[k];
      std::transform(sum.begin(), sum.end(), source, sum.begin(),
                     [weight](int64_t value, uchar byte) { return value + weight * byte; });
    }
    std::transform(sum.begin(), sum.end(), resized.ptr(y), to_byte);
  }
  return resized;
}

}  // namespace

cv::Mat pillow_quad(const cv::Mat& picture, const std::array<cv::Point2d, 4>& quad, int size_px) {
  const auto& [top_left, bottom_left, bottom_right, top_right] = quad;
  const cv::Point2d across = (top_right - top_left) / size_px;
  const cv::Point2d down = (bottom_left - top_left) / size_px;
  const cv::Point2d twist = (bottom_right - bottom_left - top_right + top_left) / (double(size_px) * size_px);
  cv::Mat target(size_px, size_px, CV_8UC3, cv::Scalar::all(0));
  for (int row = 0; row < size_px; ++row) {
    uchar* out = target.ptr(row);
    for (int column = 0; column < size_px; ++column, out += kChannels) {
      const double i = column + 0.5;
      const double j = row + 0.5;
      const cv::Point2d at = top_left + across * i + down * j + twist * (i * j);
      if (!(at.x >= 0 && at.x < picture.cols && at.y >= 0 && at.y < picture.rows)) {
        continue;
      }
      const int x = static_cast<int>(std::floor(at.x - 0.5));
      const int y = static_cast<int>(std::floor(at.y - 0.5));
      const double dx = at.x - 0.5 - x;
      const double dy = at.y - 0.5 - y;
      const int x0 = kChannels * std::max(x, 0);
      const int x1 = kChannels * std::min(x + 1, picture.cols - 1);
      const uchar* upper = picture.ptr(std::max(y, 0));
      const uchar* lower = picture.ptr(std::min(y + 1, picture.rows - 1));
      for (int c = 0; c < kChannels; ++c) {
        const double a = upper[x0 + c] + (upper[x1 + c] - upper[x0 + c]) * dx;
        const double b = lower[x0 + c] + (lower[x1 + c] - lower[x0 + c]) * dx;
        out[c] = static_cast<uchar>(a + (b - a) * dy);
      }
    }
  }
  return target;
}

cv::Mat pillow_lanczos(const cv::Mat& picture, cv::Size size) {
  const cv::Mat rows = picture.cols == size.width ? picture : resize_rows(picture, size.width);
  return rows.rows == size.height ? rows : resize_columns(rows, size.height);
}

}  // namespace toonmirror::face
