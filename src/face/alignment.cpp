#include "face/alignment.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "face/geometry.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// A quarter turn clockwise on the screen: right becomes down.
cv::Point2d quarter_turn(const cv::Point2d& v) { return {-v.y, v.x}; }

}  // namespace

double Alignment::scale() const { return std::hypot(frame_from_crop(0, 0), frame_from_crop(1, 0)); }

FaceSquare ffhq_square(const Landmarks& landmarks) {
  const cv::Point2d left_eye = mean_of(landmarks, 36, 42);
  const cv::Point2d right_eye = mean_of(landmarks, 42, 48);
  const cv::Point2d eyes = (left_eye + right_eye) * 0.5;
  const cv::Point2d mouth = (landmarks[48] + landmarks[54]) * 0.5;
  const cv::Point2d eye_to_eye = right_eye - left_eye;
  const cv::Point2d eye_to_mouth = mouth - eyes;
  const cv::Point2d direction = eye_to_eye - quarter_turn(eye_to_mouth);
  const double half_side = std::max(2.0 * cv::norm(eye_to_eye), 1.8 * cv::norm(eye_to_mouth));
  return {eyes + 0.1 * eye_to_mouth, direction * (half_side / cv::norm(direction))};
}

std::array<cv::Point2d, 4> quad_of(const FaceSquare& square) {
  const cv::Point2d down = quarter_turn(square.right);
  return {square.centre - square.right - down, square.centre - square.right + down,
          square.centre + square.right + down, square.centre + square.right - down};
}

Alignment align_square(const FaceSquare& square, int crop_size_px) {
  const double half_side = cv::norm(square.right);
  if (crop_size_px < 1 || !std::isfinite(half_side) || half_side <= 0) {
    throw Error("alignment: the crop size or the face's square is empty");
  }
  // Crop pixel i covers [i, i + 1) / crop_size_px of the square's side; its centre is at i + 0.5.
  const double scale = 2.0 / crop_size_px;
  const double a = scale * square.right.x;
  const double b = scale * square.right.y;
  const double middle = 0.5 * (crop_size_px - 1);
  const cv::Point2d& c = square.centre;
  const double tx = c.x - (a - b) * middle;
  const double ty = c.y - (b + a) * middle;
  const double norm2 = a * a + b * b;
  const double ia = a / norm2;
  const double ib = b / norm2;
  return {cv::Matx23d(a, -b, tx, b, a, ty),
          cv::Matx23d(ia, ib, -(ia * tx + ib * ty), -ib, ia, -(ia * ty - ib * tx)), crop_size_px};
}

Alignment align_ffhq(const Landmarks& landmarks, int crop_size_px) {
  return align_square(ffhq_square(landmarks), crop_size_px);
}

Alignment at_size(const Alignment& alignment, int crop_size_px) {
  const double half = 0.5 * alignment.crop_size_px;
  const cv::Matx23d& m = alignment.frame_from_crop;
  return align_square({transform(m, {half - 0.5, half - 0.5}), {m(0, 0) * half, m(1, 0) * half}},
                      crop_size_px);
}

cv::Point2d transform(const cv::Matx23d& target_from_source, const cv::Point2d& point) {
  const cv::Vec2d p = target_from_source * cv::Vec3d(point.x, point.y, 1);
  return {p[0], p[1]};
}

Landmarks transform(const cv::Matx23d& target_from_source, const Landmarks& landmarks) {
  Landmarks mapped;
  std::transform(landmarks.begin(), landmarks.end(), mapped.begin(),
                 [&](const cv::Point2d& p) { return transform(target_from_source, p); });
  return mapped;
}

cv::Mat warp_crop(const cv::Mat& rgb, const Alignment& alignment) {
  require_rgb(rgb, "crop");
  return resample(rgb, alignment.frame_from_crop, {alignment.crop_size_px, alignment.crop_size_px},
                  cv::INTER_CUBIC, cv::BORDER_REFLECT);
}

}  // namespace toonmirror::face
