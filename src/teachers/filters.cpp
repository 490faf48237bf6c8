#include "teachers/filters.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace toonmirror::teachers {
namespace {

constexpr double kTiny = 1e-4;

cv::Mat each_channel(const cv::Mat& picture, const auto& filter) {
  if (picture.channels() == 1) return filter(picture);
  std::vector<cv::Mat> planes;
  cv::split(picture, planes);
  for (cv::Mat& plane : planes) plane = filter(plane);
  cv::Mat result;
  cv::merge(planes, result);
  return result;
}

// Bilinear sample of a float picture, clamped at the border.
cv::Vec3f sample(const cv::Mat& picture, float x, float y) {
  x = std::clamp(x, 0.0f, static_cast<float>(picture.cols) - 1.001f);
  y = std::clamp(y, 0.0f, static_cast<float>(picture.rows) - 1.001f);
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  const float u = x - static_cast<float>(column), v = y - static_cast<float>(row);
  const auto* top = picture.ptr<cv::Vec3f>(row) + column;
  const auto* bottom = picture.ptr<cv::Vec3f>(row + 1) + column;
  return (top[0] * (1 - u) + top[1] * u) * (1 - v) + (bottom[0] * (1 - u) + bottom[1] * u) * v;
}

}  // namespace

cv::Mat soft(const cv::Mat& picture, double sigma_px) {
  cv::Mat result;
  if (sigma_px < 3) {
    cv::GaussianBlur(picture, result, {}, sigma_px);
    return result;
  }
  // The variance of a box of width w is (w² − 1) / 12; three of them add up to sigma².
  const int half =
      std::max(1, static_cast<int>(std::lround((std::sqrt(4.0 * sigma_px * sigma_px + 1.0) - 1.0) / 2.0)));
  const cv::Size box(2 * half + 1, 2 * half + 1);
  cv::blur(picture, result, box);
  cv::blur(result, result, box);
  cv::blur(result, result, box);
  return result;
}

cv::Mat masked_soft(const cv::Mat& picture, const cv::Mat& mask, double sigma_px) {
  const cv::Mat weight = soft(mask, sigma_px) + kTiny;
  return each_channel(
      picture, [&](const cv::Mat& plane) -> cv::Mat { return soft(plane.mul(mask), sigma_px) / weight; });
}

cv::Mat guided(const cv::Mat& guide, const cv::Mat& picture, const cv::Mat& mask, double sigma_px,
               double epsilon) {
  const cv::Mat weight = soft(mask, sigma_px) + kTiny;
  const auto mean = [&](const cv::Mat& x) -> cv::Mat { return soft(x.mul(mask), sigma_px) / weight; };
  const cv::Mat guide_mean = mean(guide);
  const cv::Mat variance = mean(guide.mul(guide)) - guide_mean.mul(guide_mean) + epsilon;
  return each_channel(picture, [&](const cv::Mat& plane) -> cv::Mat {
    const cv::Mat plane_mean = mean(plane);
    const cv::Mat slope = (mean(guide.mul(plane)) - guide_mean.mul(plane_mean)) / variance;
    const cv::Mat offset = plane_mean - slope.mul(guide_mean);
    return mean(slope).mul(guide) + mean(offset);
  });
}

cv::Mat coherent(const cv::Mat& rgb8, int derivative_size, int structure_size, double strength,
                 int iterations) {
  cv::Mat picture = rgb8.clone();
  for (int i = 0; i < iterations; ++i) {
    cv::Mat grey, structure, xx, xy, yy, eroded, dilated;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    cv::cornerEigenValsAndVecs(grey, structure, structure_size, 3);
    cv::Sobel(grey, xx, CV_32F, 2, 0, derivative_size);
    cv::Sobel(grey, xy, CV_32F, 1, 1, derivative_size);
    cv::Sobel(grey, yy, CV_32F, 0, 2, derivative_size);
    cv::erode(picture, eroded, {});
    cv::dilate(picture, dilated, {});
    for (int y = 0; y < picture.rows; ++y) {
      const auto* eigen = structure.ptr<cv::Vec6f>(y);
      auto* shocked = eroded.ptr<cv::Vec3b>(y);
      const auto* lighter = dilated.ptr<cv::Vec3b>(y);
      for (int x = 0; x < picture.cols; ++x) {
        // Curvature across the flow (the eigenvector of the larger eigenvalue): a ridge is dilated, a valley
        // eroded.
        const float ex = eigen[x][2], ey = eigen[x][3];
        const float curvature =
            ex * ex * xx.at<float>(y, x) + 2 * ex * ey * xy.at<float>(y, x) + ey * ey * yy.at<float>(y, x);
        if (curvature < 0) shocked[x] = lighter[x];
      }
    }
    cv::addWeighted(picture, 1.0 - strength, eroded, strength, 0, picture);
  }
  return picture;
}

cv::Mat along_flow(const cv::Mat& picture, const cv::Mat& mask, int steps, double step_px,
                   double structure_sigma_px) {
  cv::Mat grey, gx, gy;
  cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
  cv::Sobel(grey, gx, CV_32F, 1, 0);
  cv::Sobel(grey, gy, CV_32F, 0, 1);
  const cv::Mat xx = masked_soft(gx.mul(gx), mask, structure_sigma_px);
  const cv::Mat xy = masked_soft(gx.mul(gy), mask, structure_sigma_px);
  const cv::Mat yy = masked_soft(gy.mul(gy), mask, structure_sigma_px);
  cv::Mat flow(picture.size(), CV_32FC2);  // unit vectors along the flow, sign arbitrary
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      const float angle = 0.5f * std::atan2(2 * xy.at<float>(y, x), xx.at<float>(y, x) - yy.at<float>(y, x));
      flow.at<cv::Vec2f>(y, x) = {-std::sin(angle), std::cos(angle)};
    }
  }
  std::vector<float> weights(static_cast<size_t>(steps));
  for (int k = 0; k < steps; ++k)
    weights[static_cast<size_t>(k)] = static_cast<float>(std::exp(-0.5 * std::pow(k / (steps * 0.6), 2)));
  cv::Mat result = picture.clone();
  const auto step = static_cast<float>(step_px);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      if (mask.at<float>(y, x) <= 0) continue;
      cv::Vec3f sum = picture.at<cv::Vec3f>(y, x);
      float total = 1;
      for (const float sign : {1.0f, -1.0f}) {
        float px = static_cast<float>(x), py = static_cast<float>(y);
        cv::Vec2f direction = flow.at<cv::Vec2f>(y, x) * sign;
        for (int k = 0; k < steps; ++k) {
          px += direction[0] * step;
          py += direction[1] * step;
          const int column = static_cast<int>(std::lround(px)), row = static_cast<int>(std::lround(py));
          if (column < 0 || row < 0 || column >= picture.cols || row >= picture.rows) break;
          const float inside = mask.at<float>(row, column);
          if (inside <= 0) break;
          const cv::Vec2f next = flow.at<cv::Vec2f>(row, column);
          direction = next.dot(direction) < 0 ? -next : next;
          const float weight = weights[static_cast<size_t>(k)] * inside;
          sum += sample(picture, px, py) * weight;
          total += weight;
        }
      }
      result.at<cv::Vec3f>(y, x) = sum / total;
    }
  }
  return result;
}

cv::Mat mix(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask) {
  cv::Mat mask3;
  cv::merge(std::vector<cv::Mat>(3, mask), mask3);
  return a + (b - a).mul(mask3);
}

cv::Mat to_lab(const cv::Mat& rgb) {
  cv::Mat clamped, lab;
  cv::min(cv::max(rgb, 0.0), 1.0, clamped);
  cv::cvtColor(clamped, lab, cv::COLOR_RGB2Lab);
  return lab;
}

cv::Mat from_lab(const cv::Mat& lab) {
  cv::Mat rgb;
  cv::cvtColor(lab, rgb, cv::COLOR_Lab2RGB);
  cv::min(cv::max(rgb, 0.0), 1.0, rgb);
  return rgb;
}

cv::Mat scaled(const cv::Mat& picture, const cv::Scalar& factor, const cv::Scalar& offset) {
  cv::Mat result;
  cv::multiply(picture, factor, result);
  cv::add(result, offset, result);
  return result;
}

cv::Mat polygon_mask(const std::vector<cv::Point2d>& points, const cv::Size& size, double sigma_px) {
  constexpr int kShift = 4;
  std::vector<cv::Point> fixed;
  for (const cv::Point2d& point : points) {
    fixed.emplace_back(static_cast<int>(std::lround(std::clamp(point.x, -4096.0, 4096.0) * (1 << kShift))),
                       static_cast<int>(std::lround(std::clamp(point.y, -4096.0, 4096.0) * (1 << kShift))));
  }
  cv::Mat mask8 = cv::Mat::zeros(size, CV_8U), mask;
  cv::fillPoly(mask8, std::vector<std::vector<cv::Point>>{fixed}, 255, cv::LINE_AA, kShift);
  mask8.convertTo(mask, CV_32F, 1.0 / 255.0);
  return soft(mask, sigma_px);
}

double smooth_step(double low, double high, double value) {
  const double t = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

}  // namespace toonmirror::teachers
