#include "teachers/scene.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

cv::Vec3d weighted_mean(const cv::Mat& lab, const cv::Mat& weight) {
  cv::Vec3d sum;
  double total = 1e-6;
  for (int y = 0; y < lab.rows; ++y) {
    for (int x = 0; x < lab.cols; ++x) {
      const double w = weight.at<float>(y, x);
      sum += cv::Vec3d(lab.at<cv::Vec3f>(y, x)) * w;
      total += w;
    }
  }
  return sum / total;
}

// Pulls a value outside [low, high] back by `share` of its distance.
double pulled(double value, double low, double high, double share) {
  return value + share * (std::clamp(value, low, high) - value);
}

// The nearest colour that living skin has under warm light: hue angle 40° … 62°, chroma 20 … 36.
cv::Vec2d healthy(const cv::Vec2d& ab) {
  constexpr double kDegree = CV_PI / 180.0;
  // A small push towards skin's own hue decides where there is no colour at all.
  const cv::Vec2d seen = ab + cv::Vec2d(2.6, 3.1);
  double hue = std::atan2(seen[1], seen[0]);
  hue = std::clamp(hue, 40 * kDegree, 62 * kDegree);
  const double chroma = std::clamp(cv::norm(ab), 20.0, 36.0);
  return {chroma * std::cos(hue), chroma * std::sin(hue)};
}

}  // namespace

float white_light(const Scene& scene) { return std::clamp(56.0f + 0.44f * scene.skin[0], 72.0f, 90.0f); }

cv::Mat halved(const cv::Mat& picture) {
  cv::Mat result;
  cv::resize(picture, result, {}, 0.5, 0.5, cv::INTER_AREA);
  return result;
}

cv::Mat doubled(const cv::Mat& picture) {
  cv::Mat result;
  cv::resize(picture, result, {}, 2, 2, cv::INTER_LINEAR);
  return result;
}

cv::Mat filled(int side_px, const cv::Vec3f& colour) {
  return {cv::Size(side_px, side_px), CV_32FC3, cv::Scalar(colour[0], colour[1], colour[2])};
}

cv::Mat inside_of(const cv::Mat& mask, double threshold) {
  cv::Mat inside;
  cv::Mat(mask > threshold).convertTo(inside, CV_32F, 1.0 / 255.0);
  return inside;
}

cv::Mat face_polygon(const face::Landmarks& landmarks, const cv::Size& size) {
  std::vector<cv::Point2d> outline(landmarks.begin() + 1, landmarks.begin() + 16);
  outline.insert(outline.end(), landmarks.rbegin() + (67 - 26), landmarks.rbegin() + (67 - 16));
  return polygon_mask(outline, size, size.width / 512.0);
}

void relight(Scene& scene) {
  using face::Label;
  const cv::Mat skin_matte = scene.mattes.of({Label::kSkin, Label::kBrow, Label::kEye, Label::kIris});
  const cv::Mat face = resized(face_polygon(scene.landmarks, scene.lab.size()), kSmall_px);
  cv::Mat weight = resized(skin_matte, kSmall_px).mul(face);
  if (cv::sum(weight)[0] < 25) weight = face + 1e-6;
  const cv::Vec3d before = weighted_mean(scene.small, weight);
  const double light = std::clamp(before[0] / 100.0, 0.05, 0.97);
  const double wanted = pulled(pulled(light, 0.46, 1.0, 0.45), 0.0, 0.75, 0.7);
  const double gamma = std::clamp(std::log(wanted) / std::log(light), 0.6, 1.9);
  const cv::Vec2d ab(before[1], before[2]);
  const cv::Vec2d shift = (healthy(ab) - ab) * 0.85;
  constexpr double kEverywhere = 0.3;  // share of the shift outside the skin: its light changes a little too
  std::vector<float> curve(1025);
  for (size_t i = 0; i < curve.size(); ++i) {
    const double x = static_cast<double>(i) / 1024.0;
    curve[i] = static_cast<float>(100.0 * std::pow(x, gamma));
  }
  for (int y = 0; y < scene.lab.rows; ++y) {
    auto* pixel = scene.lab.ptr<cv::Vec3f>(y);
    const auto* skin = skin_matte.ptr<float>(y);
    for (int x = 0; x < scene.lab.cols; ++x) {
      const float position = std::clamp(pixel[x][0] * 10.24f, 0.0f, 1023.99f);
      const auto step = static_cast<size_t>(position);
      const float part = position - static_cast<float>(step);
      pixel[x][0] = curve[step] + (curve[step + 1] - curve[step]) * part;
      // Neither black nor white take colour.
      const double l = pixel[x][0] / 100.0, room = std::min(1.0, 6.0 * l * (1.0 - l));
      const double share = (kEverywhere + (1.0 - kEverywhere) * skin[x]) * room;
      pixel[x][1] += static_cast<float>(shift[0] * share);
      pixel[x][2] += static_cast<float>(shift[1] * share);
    }
  }
  scene.half = halved(scene.lab);
  scene.small = resized(scene.lab, kSmall_px);
  scene.skin = weighted_mean(scene.small, weight);
}

}  // namespace toonmirror::teachers
