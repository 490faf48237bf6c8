#include "teachers/eye.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

constexpr int kLidPoints = 13;
constexpr double kClosed = 0.11;

double length(const cv::Point2d& v) { return std::hypot(v.x, v.y); }
double logistic(double x) { return 1.0 / (1.0 + std::exp(std::clamp(x, -40.0, 40.0))); }

float mask_at(const cv::Mat& mask, const cv::Point2d& point) {
  const int x = static_cast<int>(std::lround(point.x)), y = static_cast<int>(std::lround(point.y));
  if (x < 0 || y < 0 || x >= mask.cols || y >= mask.rows) return 0;
  return mask.at<float>(y, x);
}

// A lid as its height above the line between the corners, h(t) = t (1 − t) (a + b t), t from corner to
// corner: smooth, and 0 at both ends.
struct Lid {
  double a = 0, b = 0;
  double height(double t) const { return t * (1 - t) * (a + b * t); }
};

struct LidSample {
  double t, height, weight;
};

Lid fit(const std::vector<LidSample>& samples) {
  double aa = 1e-6, ab = 0, bb = 1e-6, ya = 0, yb = 0;
  for (const LidSample& s : samples) {
    const double p = s.t * (1 - s.t), q = p * s.t;
    aa += s.weight * p * p;
    ab += s.weight * p * q;
    bb += s.weight * q * q;
    ya += s.weight * p * s.height;
    yb += s.weight * q * s.height;
  }
  const double determinant = aa * bb - ab * ab;
  if (std::abs(determinant) < 1e-12) return {ya / aa, 0};
  return {(ya * bb - yb * ab) / determinant, (yb * aa - ya * ab) / determinant};
}

// A line along points, thicker towards the outer corner and thin at both ends.
void draw_lash(cv::Mat& picture, const std::vector<cv::Point2d>& points, double width_px,
               const cv::Vec3f& rgb, bool outer_is_left) {
  constexpr int kScale = 4;
  cv::Point2d low = points[0], high = points[0];
  for (const cv::Point2d& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const int margin = static_cast<int>(width_px) + 6;
  const cv::Rect area =
      cv::Rect(cv::Point(static_cast<int>(low.x) - margin, static_cast<int>(low.y) - margin),
               cv::Point(static_cast<int>(high.x) + margin, static_cast<int>(high.y) + margin)) &
      cv::Rect(0, 0, picture.cols, picture.rows);
  if (area.empty()) return;
  cv::Mat fine = cv::Mat::zeros(area.height * kScale, area.width * kScale, CV_8U), mask;
  const auto place = [&](const cv::Point2d& p) {
    return cv::Point(static_cast<int>((p.x - area.x + 0.5) * kScale),
                     static_cast<int>((p.y - area.y + 0.5) * kScale));
  };
  const double count = static_cast<double>(points.size() - 1);
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    const double t = (static_cast<double>(i) + 0.5) / count;
    const double towards_outer = outer_is_left ? 1 - t : t;
    const double taper = std::sqrt(std::sin(CV_PI * std::clamp(0.08 + 0.9 * t, 0.0, 1.0)));
    const double width = width_px * (0.5 + 0.75 * towards_outer) * taper;
    cv::line(fine, place(points[i]), place(points[i + 1]), 255, std::max(1, static_cast<int>(width * kScale)),
             cv::LINE_AA);
  }
  cv::resize(fine, fine, area.size(), 0, 0, cv::INTER_AREA);
  fine.convertTo(mask, CV_32F, 0.92 / 255.0);
  mask = soft(mask, 0.6);
  cv::Mat region = picture(area);
  mix(region, cv::Mat(area.size(), CV_32FC3, cv::Scalar(rgb[0], rgb[1], rgb[2])), mask).copyTo(region);
}

}  // namespace

EyeShape find_eye(const face::Landmarks& landmarks, const cv::Mat& eye_mask, const cv::Mat& iris_mask,
                  int eye) {
  const size_t first = eye == 0 ? 36 : 42;
  const cv::Point2d left = landmarks[first], right = landmarks[first + 3];
  EyeShape shape;
  shape.outer_is_left = eye == 0;
  shape.width = std::max(length(right - left), 2.0);
  const cv::Point2d along = (right - left) / shape.width;
  const cv::Point2d up(along.y, -along.x);

  std::vector<LidSample> upper, lower;
  for (const size_t i : {first + 1, first + 2, first + 4, first + 5}) {
    const cv::Point2d d = landmarks[i] - left;
    const bool is_upper = i < first + 3;
    (is_upper ? upper : lower).push_back({d.dot(along) / shape.width, d.dot(up) * (is_upper ? 1 : -1), 1.0});
  }
  // Labels see the lids better than six points do, where they see the eye at all: the extent of the mask
  // across the axis.
  const double reach = 0.5 * shape.width;
  for (int i = 1; i < 8; ++i) {
    const double t = i / 8.0;
    double above = 0, below = 0;
    for (double h = 0.25; h < reach; h += 0.5) {
      above += 0.5 * mask_at(eye_mask, left + along * (t * shape.width) + up * h);
      below += 0.5 * mask_at(eye_mask, left + along * (t * shape.width) - up * h);
    }
    if (above + below < 1.0) continue;
    upper.push_back({t, above, 2.0});
    lower.push_back({t, below, 2.0});
  }
  const Lid top = fit(upper), bottom = fit(lower);
  for (int i = 0; i < kLidPoints; ++i) {
    const double t = static_cast<double>(i) / (kLidPoints - 1);
    shape.upper.push_back(left + along * (t * shape.width) + up * top.height(t));
    shape.lower.push_back(left + along * (t * shape.width) - up * bottom.height(t));
    shape.opening = std::max(shape.opening, (top.height(t) + bottom.height(t)) / shape.width);
  }

  // The iris is seen between the lids; its breadth is whole where its height is cut.
  const cv::Point2d middle = (left + right) / 2.0;
  double weight = 0, least = reach, most = -reach;
  cv::Point2d centre;
  const int half = static_cast<int>(0.6 * shape.width);
  for (int dy = -half; dy <= half; ++dy) {
    for (int dx = -half; dx <= half; ++dx) {
      const cv::Point2d p = middle + cv::Point2d(dx, dy);
      const float inside = mask_at(iris_mask, p);
      if (inside <= 0.1f) continue;
      weight += inside;
      centre += p * static_cast<double>(inside);
      if (inside > 0.5f) {
        least = std::min(least, (p - middle).dot(along));
        most = std::max(most, (p - middle).dot(along));
      }
    }
  }
  const double usual_radius = 0.21 * shape.width;
  if (weight > 0.02 * shape.width * shape.width && most > least) {
    shape.iris = centre / weight;
    shape.iris_radius = std::clamp((most - least + 1) / 2, 0.85 * usual_radius, 1.25 * usual_radius);
  } else {
    shape.iris = middle + up * (0.5 * (top.height(0.5) - bottom.height(0.5)));
    shape.iris_radius = usual_radius;
  }
  return shape;
}

std::vector<cv::Point2d> outline(const EyeShape& eye) {
  std::vector<cv::Point2d> points = eye.lower;
  points.insert(points.end(), eye.upper.rbegin() + 1, eye.upper.rend() - 1);
  return points;
}

void draw_eye(cv::Mat& picture, const EyeShape& eye, const EyeLook& look) {
  if (eye.opening > kClosed) {
    const cv::Mat mask = polygon_mask(outline(eye), picture.size(), 0.9);
    const cv::Rect area = cv::boundingRect(mask > 0.01f);
    if (!area.empty()) {
      double top = 1e9, bottom = -1e9;
      for (const cv::Point2d& p : outline(eye)) {
        top = std::min(top, p.y);
        bottom = std::max(bottom, p.y);
      }
      const cv::Mat white = to_lab(masked_soft(picture(area), mask(area), 0.03 * look.unit));
      cv::Mat painted(area.size(), CV_32FC3);
      for (int y = 0; y < area.height; ++y) {
        for (int x = 0; x < area.width; ++x) {
          const cv::Point2d d = cv::Point2d(x + area.x, y + area.y) - eye.iris;
          const double r = length(d) / eye.iris_radius;
          const double t = std::clamp((y + area.y - top) / (bottom - top + 1e-3), 0.0, 1.0);
          const double lid_shadow = std::exp(-std::pow(t / 0.28, 2));
          cv::Vec3f lab = white.at<cv::Vec3f>(y, x);
          lab[0] = static_cast<float>(std::clamp(0.4 * lab[0] + 0.6 * 90.0, 0.0, 97.0) - 20.0 * lid_shadow);
          lab[1] *= 0.22f;
          lab[2] = lab[2] * 0.22f + 1.0f;
          cv::Mat one(1, 1, CV_32FC3, cv::Scalar(lab[0], lab[1], lab[2]));
          cv::Vec3f colour = from_lab(one).at<cv::Vec3f>(0, 0);

          const double glow = std::clamp(d.y / eye.iris_radius, 0.0, 1.0);
          const double ring = std::pow(std::clamp((r - 0.74) / 0.26, 0.0, 1.0), 1.5);
          cv::Vec3f iris = look.iris_rgb * static_cast<float>((0.66 + 0.52 * glow) * (1 - 0.70 * ring));
          const auto pupil = static_cast<float>(logistic((r - 0.45) * 36));
          iris = iris * (1 - pupil) + cv::Vec3f(0.03f, 0.025f, 0.03f) * pupil;
          iris *= static_cast<float>(1 - 0.34 * std::exp(-std::pow(t / 0.33, 2)));
          const auto inside = static_cast<float>(logistic((r - 1) * eye.iris_radius * 1.6));
          colour = colour * (1 - inside) + iris * inside;
          // One light above on the picture's left in both eyes, and its weak reflection below.
          constexpr std::array<std::array<double, 4>, 2> kLights = {
              {{-0.33, -0.36, 0.25, 1.0}, {0.34, 0.38, 0.12, 0.75}}};
          for (const auto& [ox, oy, radius, strength] : kLights) {
            const double distance =
                length(d - cv::Point2d(ox, oy) * eye.iris_radius) - radius * eye.iris_radius;
            const auto light = static_cast<float>(strength * logistic(distance * 2.2));
            colour = colour * (1 - light) + cv::Vec3f::all(light);
          }
          painted.at<cv::Vec3f>(y, x) = colour;
        }
      }
      cv::Mat region = picture(area);
      mix(region, painted, mask(area) * (0.94 * look.strength)).copyTo(region);
    }
  }
  draw_lash(picture, eye.upper, look.unit * 0.036 * look.strength, look.lash_rgb, eye.outer_is_left);
  draw_lash(picture, eye.lower, look.unit * 0.010, look.lash_rgb * 1.8f, eye.outer_is_left);
}

}  // namespace toonmirror::teachers
