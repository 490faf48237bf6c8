#include "datasets/face_view.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/cartoon_geometry.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::datasets {
namespace {

constexpr double kFaceSide = 1.5;   // of the square, by the box of the points
constexpr double kForehead = 0.35;  // of the height of dlib's landmarks

FaceView view_of(const std::vector<cv::Point2d>& points, const cv::Point2d& eye_line, double further_up) {
  const double length = std::max(std::hypot(eye_line.x, eye_line.y), 1e-6);
  const cv::Point2d right = eye_line / length, down = down_of(right);
  cv::Point2d low(1e9, 1e9), high(-1e9, -1e9);
  for (const cv::Point2d& p : points) {
    const cv::Point2d q(p.dot(right), p.dot(down));
    low = {std::min(low.x, q.x), std::min(low.y, q.y)};
    high = {std::max(high.x, q.x), std::max(high.y, q.y)};
  }
  low.y -= further_up * (high.y - low.y);
  const cv::Point2d middle = (low + high) / 2.0;
  const double side = kFaceSide * std::max({high.x - low.x, high.y - low.y, 1.0});
  return {right * middle.x + down * middle.y, right * (side / 2)};
}

}  // namespace

cv::Point2d down_of(const cv::Point2d& right) { return {-right.y, right.x}; }

FaceView view_around(const face::Landmarks& landmarks) {
  return view_of({landmarks.begin(), landmarks.end()},
                 face::eye_centre(landmarks, 1) - face::eye_centre(landmarks, 0), kForehead);
}

FaceView view_around(const std::vector<cv::Point2d>& mesh) {
  return view_of(mesh, mesh[nets::kRightEyeCorner] - mesh[nets::kLeftEyeCorner], 0);
}

FaceCrop::FaceCrop(const cv::Mat& rgb, const FaceView& view, int side_px, bool mirrored)
    : scale(side_px / (2 * cv::norm(view.right))) {
  const cv::Point2d x = view.right * ((mirrored ? -scale : scale) / cv::norm(view.right));
  const cv::Point2d y = down_of(view.right) * (scale / cv::norm(view.right));
  const cv::Matx23d forward(x.x, x.y, side_px / 2.0 - x.dot(view.centre), y.x, y.y,
                            side_px / 2.0 - y.dot(view.centre));
  cv::warpAffine(rgb, pixels, forward, {side_px, side_px}, scale < 0.5 ? cv::INTER_AREA : cv::INTER_LINEAR,
                 cv::BORDER_REFLECT);
  cv::invertAffineTransform(forward, backward);
}

cv::Point2d FaceCrop::picture(double crop_x, double crop_y) const {
  const cv::Vec2d p = backward * cv::Vec3d(crop_x, crop_y, 1);
  return {p[0], p[1]};
}

std::vector<at::Tensor> answers(const training::LayerGraph& network, const FaceCrop& crop) {
  cv::Mat values;
  crop.pixels.convertTo(values, CV_32FC3, 1.0 / 255.0);
  const at::Tensor input =
      at::from_blob(values.data, {1, values.rows, values.cols, 3}, at::kFloat).permute({0, 3, 1, 2});
  std::vector<at::Tensor> result = network.forward(input);
  for (at::Tensor& output : result) output = output.flatten().contiguous();
  return result;
}

}  // namespace toonmirror::datasets
