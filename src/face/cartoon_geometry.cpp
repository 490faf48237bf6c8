#include "face/cartoon_geometry.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace toonmirror::face {
namespace {

cv::Point2d mean_of(const Landmarks& landmarks, int first, int last) {
  cv::Point2d sum;
  for (int i = first; i <= last; ++i) sum += landmarks[static_cast<size_t>(i)];
  return sum / (last - first + 1);
}

double smooth(double share) { return share * share * (3 - 2 * share); }

double length(const cv::Point2d& v) { return std::hypot(v.x, v.y); }

struct Zoom {
  cv::Point2d centre;
  double factor, radius;
};

}  // namespace

cv::Point2d eye_centre(const Landmarks& landmarks, int eye) {
  return eye == 0 ? mean_of(landmarks, 36, 41) : mean_of(landmarks, 42, 47);
}

double eye_distance(const Landmarks& landmarks) {
  return std::max(length(eye_centre(landmarks, 1) - eye_centre(landmarks, 0)), 1.0);
}

double glasses_share(const cv::Mat& mask) {
  constexpr double kNone = 0.003, kSure = 0.008;  // of the crop
  const double share = static_cast<double>(cv::countNonZero(mask)) / static_cast<double>(mask.total());
  return smooth(std::clamp((share - kNone) / (kSure - kNone), 0.0, 1.0));
}

CartoonGeometry behind_glasses(CartoonGeometry geometry, double share) {
  if (geometry.eye_zoom_behind_glasses > 0) {
    geometry.eye_zoom += share * (geometry.eye_zoom_behind_glasses - geometry.eye_zoom);
  }
  return geometry;
}

DisplacementField::DisplacementField(const Landmarks& landmarks, int size_px, const CartoonGeometry& geometry)
    : map_(size_px, size_px, CV_32FC2) {
  const double unit = eye_distance(landmarks);
  const cv::Point2d eyes[2] = {eye_centre(landmarks, 0), eye_centre(landmarks, 1)};
  cv::Point2d down = (landmarks[48] + landmarks[54]) / 2.0 - (eyes[0] + eyes[1]) / 2.0;
  down /= length(down) + 1e-6;
  const cv::Point2d right(down.y, -down.x);
  const cv::Point2d nose = mean_of(landmarks, 30, 35);
  const Zoom zooms[] = {{eyes[0] - down * (0.02 * unit), geometry.eye_zoom, 0.60 * unit},
                        {eyes[1] - down * (0.02 * unit), geometry.eye_zoom, 0.60 * unit},
                        {nose, geometry.nose_zoom, 0.48 * unit},
                        {mean_of(landmarks, 48, 59), geometry.mouth_zoom, 0.55 * unit}};
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const cv::Point2d here(x, y);
      cv::Point2d source = here;
      for (const Zoom& zoom : zooms) {
        const cv::Point2d d = here - zoom.centre;
        const double r2 = d.dot(d) / (zoom.radius * zoom.radius);
        if (r2 >= 1) continue;
        const double falloff = (1 - r2) * (1 - r2);
        source += d * ((1.0 / zoom.factor - 1.0) * falloff);
      }
      // The jaw: most below the nose, fading out sideways and upwards.
      const double t = (here - nose).dot(down) / unit, u = (here - nose).dot(right);
      if (t > 0) {
        const double pull = std::min(t, 1.0) * std::exp(-std::pow((t - 0.75) / 0.75, 2)) *
                            std::exp(-std::pow(u / (1.25 * unit), 2));
        source += right * (u * geometry.jaw_pull * 2.0 * pull);
      }
      if (geometry.chin_lift > 0 && t > 0.35) {
        const double beyond = std::max(t - 1.25, 0.0);  // the neck stays where it is
        const double lift = smooth(std::min((t - 0.35) / 0.9, 1.0)) *
                            std::exp(-std::pow(u / (1.5 * unit), 2)) * std::exp(-beyond * beyond / 0.5);
        source += down * (geometry.chin_lift * unit * lift);
      }
      map_.at<cv::Vec2f>(y, x) = {static_cast<float>(source.x), static_cast<float>(source.y)};
    }
  }
}

cv::Mat DisplacementField::warp(const cv::Mat& picture, int interpolation) const {
  cv::Mat result;
  cv::remap(picture, result, map_, {}, interpolation, cv::BORDER_REFLECT);
  return result;
}

cv::Point2d DisplacementField::forward(const cv::Point2d& point) const {
  // Solves q + d(q) = point for q; the field is a contraction away from folds, so this converges quickly.
  cv::Point2d q = point;
  for (int i = 0; i < 12; ++i) {
    const int x = std::clamp(static_cast<int>(std::lround(q.x)), 0, map_.cols - 1);
    const int y = std::clamp(static_cast<int>(std::lround(q.y)), 0, map_.rows - 1);
    const cv::Vec2f source = map_.at<cv::Vec2f>(y, x);
    q = point - cv::Point2d(source[0] - x, source[1] - y);
  }
  return q;
}

std::vector<cv::Point2d> DisplacementField::forward(const std::vector<cv::Point2d>& points) const {
  std::vector<cv::Point2d> result;
  for (const cv::Point2d& point : points) result.push_back(forward(point));
  return result;
}

Landmarks DisplacementField::forward(const Landmarks& landmarks) const {
  Landmarks result;
  std::transform(landmarks.begin(), landmarks.end(), result.begin(),
                 [this](const cv::Point2d& p) { return forward(p); });
  return result;
}

}  // namespace toonmirror::face
