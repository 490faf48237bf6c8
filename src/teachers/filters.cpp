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

LinearModel LinearModel::enlarged(const cv::Size& size) const {
  LinearModel large;
  cv::resize(slope, large.slope, size, 0, 0, cv::INTER_CUBIC);
  cv::resize(offset, large.offset, size, 0, 0, cv::INTER_CUBIC);
  return large;
}

LinearModel guided_model(const cv::Mat& guide, const cv::Mat& picture, const cv::Mat& mask, double sigma_px,
                         double epsilon) {
  const cv::Mat weight = soft(mask, sigma_px) + kTiny;
  const auto mean = [&](const cv::Mat& x) -> cv::Mat { return soft(x.mul(mask), sigma_px) / weight; };
  const cv::Mat guide_mean = mean(guide), picture_mean = mean(picture);
  const cv::Mat variance = mean(guide.mul(guide)) - guide_mean.mul(guide_mean) + epsilon;
  const cv::Mat slope = (mean(guide.mul(picture)) - guide_mean.mul(picture_mean)) / variance;
  return {mean(slope), mean(picture_mean - slope.mul(guide_mean))};
}

ColourGuide::ColourGuide(const cv::Mat& guide, int radius_px, double epsilon)
    : radius_px_(radius_px), guide_(guide) {
  const cv::Size window(2 * radius_px + 1, 2 * radius_px + 1);
  cv::blur(guide, mean_, window);
  cv::Mat products(guide.size(), CV_32FC(6));
  for (int y = 0; y < guide.rows; ++y) {
    const auto* c = guide.ptr<cv::Vec3f>(y);
    auto* out = products.ptr<cv::Vec6f>(y);
    for (int x = 0; x < guide.cols; ++x) {
      const auto [r, g, b] = c[x].val;
      out[x] = {r * r, r * g, r * b, g * g, g * b, b * b};
    }
  }
  cv::blur(products, inverse_, window);
  const auto regular = static_cast<float>(epsilon);
  for (int y = 0; y < guide.rows; ++y) {
    const auto* mean = mean_.ptr<cv::Vec3f>(y);
    auto* entry = inverse_.ptr<cv::Vec6f>(y);
    for (int x = 0; x < guide.cols; ++x) {
      const auto [r, g, b] = mean[x].val;
      const float rr = entry[x][0] - r * r + regular, rg = entry[x][1] - r * g, rb = entry[x][2] - r * b;
      const float gg = entry[x][3] - g * g + regular, gb = entry[x][4] - g * b;
      const float bb = entry[x][5] - b * b + regular;
      const float c_rr = gg * bb - gb * gb, c_rg = gb * rb - rg * bb, c_rb = rg * gb - gg * rb;
      const float scale = 1.0f / (rr * c_rr + rg * c_rg + rb * c_rb);
      entry[x] = {c_rr * scale,
                  c_rg * scale,
                  c_rb * scale,
                  (rr * bb - rb * rb) * scale,
                  (rb * rg - rr * gb) * scale,
                  (rr * gg - rg * rg) * scale};
    }
  }
}

cv::Mat ColourGuide::apply(const cv::Mat& picture, const cv::Mat& large_guide) const {
  const cv::Size window(2 * radius_px_ + 1, 2 * radius_px_ + 1);
  // Channels: guide · picture (3), picture.
  cv::Mat line(picture.size(), CV_32FC4);
  for (int y = 0; y < picture.rows; ++y) {
    const auto* value = picture.ptr<float>(y);
    const auto* c = guide_.ptr<cv::Vec3f>(y);
    auto* out = line.ptr<cv::Vec4f>(y);
    for (int x = 0; x < picture.cols; ++x) {
      const float v = value[x];
      out[x] = {c[x][0] * v, c[x][1] * v, c[x][2] * v, v};
    }
  }
  cv::blur(line, line, window);
  for (int y = 0; y < picture.rows; ++y) {
    const auto* mean = mean_.ptr<cv::Vec3f>(y);
    const auto* inverse = inverse_.ptr<cv::Vec6f>(y);
    auto* out = line.ptr<cv::Vec4f>(y);
    for (int x = 0; x < picture.cols; ++x) {
      const float p = out[x][3];
      const float r = out[x][0] - mean[x][0] * p, g = out[x][1] - mean[x][1] * p,
                  b = out[x][2] - mean[x][2] * p;
      const cv::Vec6f& i = inverse[x];
      const cv::Vec3f slope(i[0] * r + i[1] * g + i[2] * b, i[1] * r + i[3] * g + i[4] * b,
                            i[2] * r + i[4] * g + i[5] * b);
      out[x] = {slope[0], slope[1], slope[2], p - slope.dot(mean[x])};
    }
  }
  cv::blur(line, line, window);
  cv::resize(line, line, large_guide.size(), 0, 0, cv::INTER_LINEAR);
  cv::Mat result(large_guide.size(), CV_32F);
  for (int y = 0; y < result.rows; ++y) {
    const auto* c = large_guide.ptr<cv::Vec3f>(y);
    const auto* slope = line.ptr<cv::Vec4f>(y);
    auto* out = result.ptr<float>(y);
    for (int x = 0; x < result.cols; ++x)
      out[x] = slope[x][0] * c[x][0] + slope[x][1] * c[x][1] + slope[x][2] * c[x][2] + slope[x][3];
  }
  return result;
}

cv::Mat coherent(const cv::Mat& rgb8, double derivative_sigma_px, double structure_sigma_px, double strength,
                 int iterations) {
  cv::Mat picture = rgb8.clone();
  for (int i = 0; i < iterations; ++i) {
    cv::Mat grey, gx, gy, xx, xy, yy, shocked, dilated;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    grey.convertTo(grey, CV_32F);
    cv::Sobel(grey, gx, CV_32F, 1, 0);
    cv::Sobel(grey, gy, CV_32F, 0, 1);
    const cv::Mat jxx = soft(gx.mul(gx), structure_sigma_px), jxy = soft(gx.mul(gy), structure_sigma_px),
                  jyy = soft(gy.mul(gy), structure_sigma_px);
    const cv::Mat smooth = soft(grey, derivative_sigma_px);
    cv::Sobel(smooth, xx, CV_32F, 2, 0);
    cv::Sobel(smooth, xy, CV_32F, 1, 1);
    cv::Sobel(smooth, yy, CV_32F, 0, 2);
    cv::erode(picture, shocked, {});
    cv::dilate(picture, dilated, {});
    for (int y = 0; y < picture.rows; ++y) {
      auto* out = shocked.ptr<cv::Vec3b>(y);
      const auto* lighter = dilated.ptr<cv::Vec3b>(y);
      for (int x = 0; x < picture.cols; ++x) {
        // Curvature across the flow, whose double angle is (jxx - jyy, 2 jxy): a ridge is dilated, a valley
        // eroded.
        const float c = jxx.at<float>(y, x) - jyy.at<float>(y, x), s = 2 * jxy.at<float>(y, x);
        const float length = std::sqrt(c * c + s * s) + 1e-6f;
        const float curvature = (xx.at<float>(y, x) + yy.at<float>(y, x)) * length +
                                c * (xx.at<float>(y, x) - yy.at<float>(y, x)) + 2 * s * xy.at<float>(y, x);
        if (curvature < 0) out[x] = lighter[x];
      }
    }
    cv::addWeighted(picture, 1.0 - strength, shocked, strength, 0, picture);
  }
  return picture;
}

cv::Mat along_flow(const cv::Mat& picture, const cv::Mat& mask, int steps, double step_px,
                   double structure_sigma_px) {
  // The flow varies slowly: it is worked out at half size. Its double angle (jxx - jyy, 2 jxy) knows no sign.
  cv::Mat light, small_mask, gx, gy;
  cv::extractChannel(picture, light, 0);
  cv::resize(light, light, {}, 0.5, 0.5, cv::INTER_AREA);
  cv::resize(mask, small_mask, {}, 0.5, 0.5, cv::INTER_AREA);
  cv::Sobel(light, gx, CV_32F, 1, 0);
  cv::Sobel(light, gy, CV_32F, 0, 1);
  cv::Mat cosine = masked_soft(gx.mul(gx) - gy.mul(gy), small_mask, structure_sigma_px / 2);
  cv::Mat sine = masked_soft(2 * gx.mul(gy), small_mask, structure_sigma_px / 2);
  cv::resize(cosine, cosine, picture.size(), 0, 0, cv::INTER_LINEAR);
  cv::resize(sine, sine, picture.size(), 0, 0, cv::INTER_LINEAR);
  cv::Mat flow(picture.size(), CV_32FC2);  // unit vectors along the flow, sign arbitrary
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      if (mask.at<float>(y, x) <= 0) continue;
      const float angle = 0.5f * std::atan2(sine.at<float>(y, x), cosine.at<float>(y, x));
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

cv::Mat resized(const cv::Mat& picture, int side_px) {
  if (picture.rows == side_px) return picture;
  cv::Mat result;
  cv::resize(picture, result, {side_px, side_px}, 0, 0,
             picture.rows > side_px ? cv::INTER_AREA : cv::INTER_CUBIC);
  return result;
}

cv::Point2d rescaled(const cv::Point2d& point, double scale) {
  return (point + cv::Point2d(0.5, 0.5)) * scale - cv::Point2d(0.5, 0.5);
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

cv::Mat polygon_mask(const std::vector<cv::Point2d>& points, const cv::Size& size, double sigma_px) {
  constexpr int kShift = 4;
  constexpr double kFar = 16384;
  std::vector<cv::Point> fixed;
  for (const cv::Point2d& point : points) {
    fixed.emplace_back(static_cast<int>(std::lround(std::clamp(point.x, -kFar, kFar) * (1 << kShift))),
                       static_cast<int>(std::lround(std::clamp(point.y, -kFar, kFar) * (1 << kShift))));
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
