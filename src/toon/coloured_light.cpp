#include "toon/coloured_light.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "face/alignment.h"
#include "face/mask.h"

namespace toonmirror::toon {
namespace {

constexpr int kCoarse_px = 64;

cv::Mat lab_of(const cv::Mat& rgb) {
  cv::Mat lab;
  rgb.convertTo(lab, CV_32FC3, 1.0 / 255);
  cv::cvtColor(lab, lab, cv::COLOR_RGB2Lab);
  return lab;
}

cv::Mat rgb_of(const cv::Mat& lab) {
  cv::Mat rgb;
  cv::cvtColor(lab, rgb, cv::COLOR_Lab2RGB);
  rgb.convertTo(rgb, CV_8UC3, 255);
  return rgb;
}

// Skin under daylight, lamps and camera white balances of every kind: hue 5° … 85°, chroma up to 50 (CIE
// Lab), and as far around that.
cv::Vec2f beyond_skin(const cv::Vec2f& ab) {
  constexpr float kDegree = static_cast<float>(CV_PI / 180), kTolerance = 22;
  constexpr float kMostChroma = 50, kUsualChroma = 28;
  const float hue = std::clamp(std::atan2(ab[1], ab[0]), 5 * kDegree, 85 * kDegree);
  const cv::Vec2f axis(std::cos(hue), std::sin(hue));
  const float chroma = std::clamp(ab.dot(axis), 0.0F, kMostChroma);
  const auto distance = static_cast<float>(cv::norm(ab - chroma * axis));
  // All that is not usual from twice the tolerance on, nothing up to the tolerance, and nothing jumps between
  // them.
  const float share = std::clamp(distance / kTolerance - 1, 0.0F, 1.0F);
  return (ab - std::min(chroma, kUsualChroma) * axis) * (share * share * (3 - 2 * share));
}

// Adds the light, or with `sign` -1 takes it away, in proportion to how light a pixel is in it: shadows have
// little colour. `face_light`: lightness of the face in the photo.
void change(cv::Mat& lab, const cv::Mat& field, float sign, double gain, double face_light) {
  constexpr double kMost = 1.2;
  for (int y = 0; y < lab.rows; ++y) {
    auto* pixel = lab.ptr<cv::Vec3f>(y);
    const auto* light = field.ptr<cv::Vec2f>(y);
    for (int x = 0; x < lab.cols; ++x) {
      const double changed = std::clamp(pixel[x][0] * gain, 0.0, 100.0);
      const double in_photo = sign < 0 ? pixel[x][0] : changed;
      const auto amount = static_cast<float>(sign * std::min(in_photo / face_light, kMost));
      pixel[x] = {static_cast<float>(changed), pixel[x][1] + amount * light[x][0],
                  pixel[x][2] + amount * light[x][1]};
    }
  }
}

}  // namespace

ColouredLight::ColouredLight(const cv::Mat& crop_rgb, const face::Landmarks& landmarks_in_crop) {
  cv::Mat small;
  cv::resize(crop_rgb, small, {kCoarse_px, kCoarse_px}, 0, 0, cv::INTER_AREA);
  const cv::Mat lab = lab_of(small);
  const double scale = static_cast<double>(kCoarse_px) / crop_rgb.cols;
  face_ = face::mask_from_landmarks(face::transform(cv::Matx23d(scale, 0, 0, 0, scale, 0), landmarks_in_crop),
                                    kCoarse_px);
  // Colours of the face's surroundings, whatever is beside it (normalised convolution).
  constexpr double kReach = 0.12 * kCoarse_px, kLittle = 1e-4;
  cv::Mat colours(lab.size(), CV_32FC3);
  for (int y = 0; y < lab.rows; ++y) {
    for (int x = 0; x < lab.cols; ++x) {
      const cv::Vec3f& pixel = lab.at<cv::Vec3f>(y, x);
      colours.at<cv::Vec3f>(y, x) = face_.at<float>(y, x) * cv::Vec3f(pixel[1], pixel[2], 1);
    }
  }
  const cv::Scalar total = cv::sum(colours);
  if (total[2] < 1) return;  // the face lies outside of the crop
  const cv::Vec2f mean(static_cast<float>(total[0] / total[2]), static_cast<float>(total[1] / total[2]));
  cv::GaussianBlur(colours, colours, {}, kReach, kReach, cv::BORDER_REPLICATE);
  cv::Mat field(lab.size(), CV_32FC2);
  for (int y = 0; y < lab.rows; ++y) {
    for (int x = 0; x < lab.cols; ++x) {
      const cv::Vec3f& sum = colours.at<cv::Vec3f>(y, x);
      const cv::Vec2f here =
          (cv::Vec2f(sum[0], sum[1]) + kLittle * mean) / (sum[2] + static_cast<float>(kLittle));
      field.at<cv::Vec2f>(y, x) = beyond_skin(here);
    }
  }
  if (cv::norm(field, cv::NORM_INF) == 0) return;
  field_ = field;
  mean_ = cv::mean(field, face_ > 0.5F);
  constexpr double kUsualLight = 52, kMostGain = 1.9, kFullColour = 40;
  strength_ = std::min(std::hypot(mean_[0], mean_[1]) / kFullColour, 1.0);
  const cv::Scalar face = cv::mean(lab, face_ > 0.5F);
  face_light_ = std::max(face[0], 1.0);
  plain_ = {face[1] - mean_[0], face[2] - mean_[1]};
  lightness_gain_ = 1 + strength_ * (std::clamp(kUsualLight / face_light_, 1.0, kMostGain) - 1);
}

cv::Mat ColouredLight::taken_from(const cv::Mat& rgb) const {
  if (ordinary()) return rgb;
  cv::Mat lab = lab_of(rgb), field;
  cv::resize(field_, field, rgb.size(), 0, 0, cv::INTER_LINEAR);
  change(lab, field, -1, lightness_gain_, face_light_);
  return rgb_of(lab);
}

cv::Mat ColouredLight::mean_taken_from(const cv::Mat& rgb) const {
  if (ordinary()) return rgb;
  cv::Mat lab = lab_of(rgb);
  change(lab, cv::Mat(rgb.size(), CV_32FC2, mean_), -1, lightness_gain_, face_light_);
  return rgb_of(lab);
}

cv::Mat ColouredLight::given_to(const cv::Mat& drawing_rgb) const {
  if (ordinary()) return drawing_rgb;
  constexpr double kColourful = 12;  // chroma of skin that is drawn in colour at all
  cv::Mat lab = lab_of(drawing_rgb), face, field;
  cv::resize(face_, face, lab.size(), 0, 0, cv::INTER_LINEAR);
  const cv::Scalar mean = cv::mean(lab, face > 0.5F);
  const double colour = std::min(std::hypot(mean[1], mean[2]) / kColourful, 1.0);
  cv::resize(field_, field, lab.size(), 0, 0, cv::INTER_LINEAR);
  // Such light leaves no colour of its own to skin; the drawing has added one.
  field += strength_ * (plain_ - cv::Scalar(mean[1], mean[2]));
  field *= colour;
  change(lab, field, 1, 1 + colour * (1 / lightness_gain_ - 1), face_light_);
  return rgb_of(lab);
}

}  // namespace toonmirror::toon
