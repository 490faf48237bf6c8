#include "toon/animator.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace toonmirror::toon {
namespace {

constexpr double kSoftBorder = 0.07;  // share of the square's side

nets::KeyPoints between(const nets::KeyPoints& a, const nets::KeyPoints& b, double share) {
  nets::KeyPoints result = {at::lerp(a.value, b.value, share), {}};
  if (a.jacobian.defined() && b.jacobian.defined()) result.jacobian = at::lerp(a.jacobian, b.jacobian, share);
  return result;
}

// 1 inside the square, falling to 0 at its border.
cv::Mat soft_square() {
  cv::Mat line(1, kMotionSize_px, CV_32F);
  for (int i = 0; i < kMotionSize_px; ++i) {
    const double from_border = (std::min(i, kMotionSize_px - 1 - i) + 0.5) / (kSoftBorder * kMotionSize_px);
    const double t = std::clamp(from_border, 0.0, 1.0);
    line.at<float>(0, i) = static_cast<float>(t * t * (3 - 2 * t));
  }
  return line.t() * line;
}

cv::Matx23d moved(const cv::Matx23d& map, const cv::Point& origin) {
  cv::Matx23d result = map;
  result(0, 2) -= origin.x;
  result(1, 2) -= origin.y;
  return result;
}

}  // namespace

Animator::Animator(nets::MotionModel model, Avatar avatar, const nets::DrivingOptions& options)
    : model_(std::move(model)), avatar_(std::move(avatar)), options_(options) {
  const face::Alignment alignment = avatar_.alignment();
  const double reach = 0.5 * kMotionSize_px * alignment.scale() + 2;
  const cv::Point2d centre = avatar_.square.centre;
  const cv::Rect2d square(centre.x - reach, centre.y - reach, 2 * reach, 2 * reach);
  area_ = cv::Rect(square) & cv::Rect({}, avatar_.picture.size());
  if (area_.empty()) return;
  cv::warpAffine(soft_square(), weight_, moved(alignment.frame_from_crop, area_.tl()), area_.size(),
                 cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
}

nets::KeyPoints Animator::detect(const cv::Mat& crop) const {
  const at::NoGradGuard no_grad;
  return model_->detect(motion_tensor(crop));
}

nets::KeyPoints Animator::follow(const nets::KeyPoints& driving, double presence) const {
  const nets::KeyPoints& rest = avatar_.source.key_points;
  const nets::KeyPoints& reference = reference_.value.defined() ? reference_ : driving;
  const nets::KeyPoints moved = nets::normalize_key_points(rest, driving, reference, options_);
  return presence >= 1 ? moved : between(rest, moved, std::max(presence, 0.0));
}

cv::Mat Animator::draw(const nets::KeyPoints& key_points) const {
  const at::NoGradGuard no_grad;
  return motion_picture(model_->render(avatar_.source, key_points));
}

cv::Mat Animator::in_picture(const cv::Mat& square) const {
  cv::Mat result = avatar_.picture.clone();
  if (area_.empty()) return result;
  cv::Mat laid;
  cv::warpAffine(square, laid, moved(avatar_.alignment().frame_from_crop, area_.tl()), area_.size(),
                 cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  cv::Mat place = result(area_);
  cv::blendLinear(laid, place, weight_, cv::Mat(1.0 - weight_), place);
  return result;
}

}  // namespace toonmirror::toon
