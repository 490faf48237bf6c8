#include "toon/animator.h"

#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace toonmirror::toon {
namespace {

constexpr double kSoftBorder = 0.07;  // share of the square's side

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

cv::Mat enlarged(const cv::Mat& square, int side_px, int interpolation) {
  cv::Mat result;
  cv::resize(square, result, {side_px, side_px}, 0, 0, interpolation);
  return result;
}

// A map of one channel, [1, 1, h, w].
cv::Mat map_of(const at::Tensor& map) {
  return {static_cast<int>(map.size(2)), static_cast<int>(map.size(3)), CV_32F, map.data_ptr<float>()};
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
  const int side_px = 2 * cvRound(0.5 * kMotionSize_px * alignment.scale());
  if (side_px > kMotionSize_px && model_->options().generator.blend_source) {
    side_px_ = std::min(side_px, kLargestSquare_px);
    const cv::Mat fine = face::warp_crop(avatar_.picture, face::at_size(alignment, side_px_));
    const cv::Mat coarse = motion_picture(avatar_.source.picture);
    cv::subtract(fine, enlarged(coarse, side_px_, cv::INTER_CUBIC), details_, cv::noArray(), CV_16S);
    pixel_ = cv::Mat(1, side_px_, CV_32F);
    std::iota(pixel_.begin<float>(), pixel_.end<float>(), 0.0f);
    pixel_ = cv::repeat(pixel_, side_px_, 1);
  }
  const double reach = 0.5 * kMotionSize_px * alignment.scale() + 2;
  const cv::Point2d centre = avatar_.square.centre;
  const cv::Rect2d square(centre.x - reach, centre.y - reach, 2 * reach, 2 * reach);
  area_ = cv::Rect(square) & cv::Rect({}, avatar_.picture.size());
  if (area_.empty()) return;
  cv::warpAffine(soft_square(), weight_, moved(alignment.frame_from_crop, area_.tl()), area_.size(),
                 cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
}

nets::KeyPoints Animator::detect(const cv::Mat& crop, const at::Tensor& mesh) const {
  if (!reads_pictures()) return {{}, {}, mesh};
  const at::NoGradGuard no_grad;
  return model_->detect(motion_tensor(crop), mesh);
}

nets::KeyPoints Animator::follow(const nets::KeyPoints& driving, double presence) const {
  return follow_from(has_face(reference_) ? reference_ : driving, driving, presence);
}

nets::KeyPoints Animator::follow_from(const nets::KeyPoints& reference, const nets::KeyPoints& driving,
                                      double presence) const {
  const nets::KeyPoints& rest = avatar_.source.key_points;
  const nets::KeyPoints moved = nets::normalize_key_points(rest, driving, reference, options_);
  return presence >= 1 ? moved : rest.towards(moved, std::max(presence, 0.0));
}

cv::Mat Animator::draw(const nets::KeyPoints& key_points) const {
  const at::NoGradGuard no_grad;
  if (details_.empty()) return motion_picture(model_->render(avatar_.source, key_points));
  nets::MotionMaps maps;
  cv::Mat square = motion_picture(model_->render(avatar_.source, key_points, /*align_corners=*/true, &maps));
  square = enlarged(square, side_px_, cv::INTER_CUBIC);
  add_details(square, maps);
  return square;
}

void Animator::add_details(cv::Mat& square, const nets::MotionMaps& maps) const {
  // Grids count from the centre of the first pixel, -1, to that of the last, 1, of a picture of
  // kMotionSize_px. How far each says to look beside a pixel is scaled to the fine square.
  const at::Tensor grid = at::upsample_bilinear2d(maps.deformation.permute({0, 3, 1, 2}),
                                                  {kMotionSize_px, kMotionSize_px}, /*align_corners=*/true);
  const at::Tensor rest = at::linspace(-1, 1, kMotionSize_px);
  const double fine_per_unit = 0.5 * (kMotionSize_px - 1) * side_px_ / kMotionSize_px;
  const auto places = [&](int64_t axis) {
    const at::Tensor beside = grid.slice(1, axis, axis + 1) - (axis == 0 ? rest : rest.unsqueeze(1));
    const cv::Mat result =
        enlarged(map_of((beside * fine_per_unit).contiguous()), side_px_, cv::INTER_LINEAR);
    return axis == 0 ? cv::Mat(result + pixel_) : cv::Mat(result + pixel_.t());
  };
  cv::Mat details;
  cv::remap(details_, details, places(0), places(1), cv::INTER_CUBIC, cv::BORDER_CONSTANT);
  const cv::Mat kept = enlarged(map_of(maps.kept.contiguous()), side_px_, cv::INTER_LINEAR);
  for (int y = 0; y < square.rows; ++y) {
    auto* pixel = square.ptr<cv::Vec3b>(y);
    const auto* detail = details.ptr<cv::Vec3s>(y);
    const auto* share = kept.ptr<float>(y);
    for (int x = 0; x < square.cols; ++x) {
      for (int c = 0; c < 3; ++c) {
        const float sum = static_cast<float>(pixel[x][c]) + share[x] * static_cast<float>(detail[x][c]);
        pixel[x][c] = cv::saturate_cast<uint8_t>(sum);
      }
    }
  }
}

cv::Mat Animator::in_picture(const cv::Mat& square) const {
  cv::Mat result = avatar_.picture.clone();
  if (area_.empty()) return result;
  cv::Mat laid;
  cv::warpAffine(square, laid,
                 moved(face::at_size(avatar_.alignment(), square.cols).frame_from_crop, area_.tl()),
                 area_.size(), cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  cv::Mat place = result(area_);
  cv::blendLinear(laid, place, weight_, cv::Mat(1.0 - weight_), place);
  return result;
}

}  // namespace toonmirror::toon
