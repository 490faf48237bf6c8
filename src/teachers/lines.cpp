#include "teachers/lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"
#include "teachers/scene.h"

namespace toonmirror::teachers {
namespace {

float bilinear(const cv::Mat& picture, float x, float y) {
  x = std::clamp(x, 0.0f, static_cast<float>(picture.cols) - 1.001f);
  y = std::clamp(y, 0.0f, static_cast<float>(picture.rows) - 1.001f);
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  const float u = x - static_cast<float>(column), v = y - static_cast<float>(row);
  const auto* top = picture.ptr<float>(row) + column;
  const auto* bottom = picture.ptr<float>(row + 1) + column;
  return (top[0] * (1 - u) + top[1] * u) * (1 - v) + (bottom[0] * (1 - u) + bottom[1] * u) * v;
}

// e^(-½ (k / sigma)²) for k = 0 … count - 1.
std::vector<float> bell(int count, double sigma) {
  std::vector<float> weights;
  weights.reserve(static_cast<size_t>(count));
  for (int k = 0; k < count; ++k) {
    weights.push_back(static_cast<float>(std::exp(-0.5 * (k / sigma) * (k / sigma))));
  }
  return weights;
}

// Difference of two Gaussians across the flow, the broader one times `centre`.
cv::Mat difference_across(const cv::Mat& light, const cv::Mat& flow, double sigma, double centre) {
  constexpr int kTaps = 4;
  constexpr double kBroader = 1.6;  // approximates the Laplacian of a Gaussian (Marr and Hildreth 1980)
  const auto step = static_cast<float>(0.8 * sigma);
  const std::vector<float> fine = bell(kTaps + 1, sigma / step),
                           broad = bell(kTaps + 1, kBroader * sigma / step);
  cv::Mat result(light.size(), CV_32F);
  for (int y = 0; y < light.rows; ++y) {
    for (int x = 0; x < light.cols; ++x) {
      const cv::Vec2f along = flow.at<cv::Vec2f>(y, x);
      float a = 0, b = 0, total_a = 0, total_b = 0;
      for (int k = -kTaps; k <= kTaps; ++k) {
        const float t = static_cast<float>(k) * step;
        const float value =
            bilinear(light, static_cast<float>(x) - along[1] * t, static_cast<float>(y) + along[0] * t);
        const auto i = static_cast<size_t>(std::abs(k));
        a += fine[i] * value;
        b += broad[i] * value;
        total_a += fine[i];
        total_b += broad[i];
      }
      result.at<float>(y, x) = a / total_a - static_cast<float>(centre) * b / total_b;
    }
  }
  return result;
}

}  // namespace

cv::Mat flow_of(const cv::Mat& light, double derivative_sigma_px, double structure_sigma_px) {
  const cv::Mat smooth = soft(light, derivative_sigma_px);
  cv::Mat gx, gy;
  cv::Sobel(smooth, gx, CV_32F, 1, 0);
  cv::Sobel(smooth, gy, CV_32F, 0, 1);
  const cv::Mat cosine = soft(gx.mul(gx) - gy.mul(gy), structure_sigma_px);
  const cv::Mat sine = soft(2 * gx.mul(gy), structure_sigma_px);
  cv::Mat flow(light.size(), CV_32FC2);
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      const float angle = 0.5f * std::atan2(sine.at<float>(y, x), cosine.at<float>(y, x));
      flow.at<cv::Vec2f>(y, x) = {-std::sin(angle), std::cos(angle)};
    }
  }
  return flow;
}

cv::Mat uniform_flow(const cv::Size& size, double degrees) {
  const double angle = degrees * CV_PI / 180.0;
  return {size, CV_32FC2, cv::Scalar(std::cos(angle), -std::sin(angle))};
}

cv::Mat averaged_along(const cv::Mat& flow, const cv::Mat& picture, int steps) {
  const std::vector<float> weights = bell(steps, steps * 0.55);
  cv::Mat result(picture.size(), CV_32F);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      float sum = picture.at<float>(y, x), total = 1;
      for (const float sign : {1.0f, -1.0f}) {
        float px = static_cast<float>(x), py = static_cast<float>(y);
        cv::Vec2f direction = flow.at<cv::Vec2f>(y, x) * sign;
        for (const float weight : weights) {
          px += direction[0];
          py += direction[1];
          const int column = static_cast<int>(std::lround(px)), row = static_cast<int>(std::lround(py));
          if (column < 0 || row < 0 || column >= picture.cols || row >= picture.rows) break;
          const cv::Vec2f next = flow.at<cv::Vec2f>(row, column);
          direction = next.dot(direction) < 0 ? -next : next;
          sum += weight * bilinear(picture, px, py);
          total += weight;
        }
      }
      result.at<float>(y, x) = sum / total;
    }
  }
  return result;
}

cv::Mat contour_lines(const cv::Mat& light, const LineOptions& options, int size_px) {
  const cv::Mat flow = flow_of(light, 1.2, 3.0);
  const cv::Mat difference =
      averaged_along(flow, difference_across(light, flow, options.sigma_px, options.centre), options.steps);
  return mapped(resized(difference, size_px), [&options](double value) {
    return value > options.threshold ? 0.0 : -std::tanh(options.sharpness * (value - options.threshold));
  });
}

cv::Mat outlines(const Mattes& mattes, const std::vector<Outline>& wanted, double breadth_px) {
  // Blurred by sigma, a border's two sides fall to 0.29 at 0.55 sigma from it: there the line ends.
  constexpr double kEnd = 0.29, kSoft = 0.07;
  const int canvas_px = mattes.size_px();
  const int side_px = std::max(std::min(canvas_px, kWork_px), canvas_px / 2);
  const double sigma_px = breadth_px / 1.1 * side_px / canvas_px;
  std::array<cv::Mat, face::kLabelCount> planes;
  const auto sum_of = [&](const std::vector<face::Label>& labels) {
    cv::Mat sum = cv::Mat::zeros(side_px, side_px, CV_32F);
    for (const face::Label label : labels) {
      cv::Mat& plane = planes[static_cast<size_t>(label)];
      if (plane.empty()) plane = soft(resized(mattes.of({label}), side_px), sigma_px);
      sum += plane;
    }
    return sum;
  };
  cv::Mat result = cv::Mat::zeros(canvas_px, canvas_px, CV_32F);
  for (const Outline& outline : wanted) {
    cv::Mat both;
    cv::min(sum_of(outline.one), sum_of(outline.other), both);
    const cv::Mat line = mapped(resized(both, canvas_px), [&outline](double value) {
      return outline.strength * smooth_step(kEnd - kSoft, kEnd + kSoft, value);
    });
    cv::max(result, line, result);
  }
  return result;
}

cv::Mat brush_line(const std::vector<cv::Point2d>& points, double breadth_px, const cv::Size& size) {
  constexpr int kShift = 4, kPieces = 70, kLargest_px = 16384;
  cv::Mat line = cv::Mat::zeros(size, CV_8U);
  // A Catmull-Rom spline through the points.
  const auto at = [&points](double t) {
    const auto last = static_cast<double>(points.size() - 1);
    const double position = std::clamp(t, 0.0, 1.0) * last;
    const auto i = std::min(static_cast<size_t>(position), points.size() - 2);
    const double u = position - static_cast<double>(i);
    const cv::Point2d b = points[i], c = points[i + 1], a = i == 0 ? b : points[i - 1],
                      d = i + 2 < points.size() ? points[i + 2] : c;
    return 0.5 *
           (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u * u + (3 * b - 3 * c + d - a) * u * u * u);
  };
  const auto fixed = [](const cv::Point2d& p) {
    const auto whole = [](double value) {
      return cvRound(std::clamp(value, -1.0 * kLargest_px, 1.0 * kLargest_px) * (1 << kShift));
    };
    return cv::Point(whole(p.x), whole(p.y));
  };
  std::vector<cv::Point> outline;  // down one side of the line and up the other
  std::vector<cv::Point> back;
  for (int k = 0; k <= kPieces; ++k) {
    const double t = static_cast<double>(k) / kPieces;
    const cv::Point2d here = at(t), ahead = at(t + 0.01) - at(t - 0.01);
    const double length = std::max(cv::norm(ahead), 1e-6);
    const double half = 0.5 * breadth_px * (0.35 + 0.65 * std::sin(CV_PI * t));
    const cv::Point2d across = cv::Point2d(-ahead.y, ahead.x) / length * half;
    outline.push_back(fixed(here + across));
    back.push_back(fixed(here - across));
  }
  outline.insert(outline.end(), back.rbegin(), back.rend());
  cv::fillPoly(line, outline, 255, cv::LINE_AA, kShift);
  cv::Mat result;
  line.convertTo(result, CV_32F, 1.0 / 255.0);
  return result;
}

cv::Mat jaw_line(const face::Landmarks& landmarks, const cv::Mat& skin, double breadth_px) {
  const std::vector<cv::Point2d> jaw(landmarks.begin() + 1, landmarks.begin() + 16);
  return brush_line(jaw, breadth_px, skin.size()).mul(skin);
}

cv::Mat noise(const cv::Size& size, uint64_t seed) {
  cv::Mat result(size, CV_32F);
  cv::RNG random(seed);
  random.fill(result, cv::RNG::NORMAL, 0.0, 1.0);
  return result;
}

cv::Mat paper(int size_px, uint64_t seed, double amplitude, double stretch) {
  const cv::Size size(kWork_px, kWork_px);
  cv::Mat fibres = noise(size, seed + 1);
  cv::GaussianBlur(fibres, fibres, {}, 6.0 * stretch, 1.2);
  const cv::Mat grain = normalised(soft(noise(size, seed), 1.0)),
                tone = normalised(soft(noise(size, seed + 2), 30.0));
  return resized(1.0 + amplitude * (0.5 * grain + 0.4 * normalised(fibres) + 0.3 * tone), size_px);
}

cv::Mat normalised(const cv::Mat& picture) {
  cv::Scalar mean, deviation;
  cv::meanStdDev(picture, mean, deviation);
  return (picture - mean[0]) / std::max(deviation[0], 1e-6);
}

}  // namespace toonmirror::teachers
