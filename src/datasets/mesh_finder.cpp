#include "datasets/mesh_finder.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/cartoon_geometry.h"
#include "training/layer_graph.h"

namespace toonmirror::datasets {
namespace {

constexpr int kSide_px = 192;
constexpr size_t kPoints = 468;
constexpr size_t kLeftEyeCorner = 33, kRightEyeCorner = 263;

// A square around the points, upright in the direction of the eyes, 1.5 times their longer extent.
cv::Matx23d crop_from_picture(const std::vector<cv::Point2d>& points, const cv::Point2d& eye_line,
                              double further_up) {
  const double length = std::max(std::hypot(eye_line.x, eye_line.y), 1e-6);
  const cv::Point2d right = eye_line / length, down(-right.y, right.x);
  cv::Point2d low(1e9, 1e9), high(-1e9, -1e9);
  for (const cv::Point2d& p : points) {
    const cv::Point2d q(p.dot(right), p.dot(down));
    low = {std::min(low.x, q.x), std::min(low.y, q.y)};
    high = {std::max(high.x, q.x), std::max(high.y, q.y)};
  }
  low.y -= further_up * (high.y - low.y);
  const double k = kSide_px / (1.5 * std::max({high.x - low.x, high.y - low.y, 1.0}));
  const cv::Point2d centre = (low + high) / 2.0;
  return {k * right.x, k * right.y, kSide_px / 2.0 - k * centre.x,
          k * down.x,  k * down.y,  kSide_px / 2.0 - k * centre.y};
}

}  // namespace

struct MeshFinder::Network {
  explicit Network(const std::filesystem::path& folder) : graph(folder, "facemesh468", at::kFloat, 1) {}
  training::LayerGraph graph;
};

MeshFinder::MeshFinder(const std::filesystem::path& nets_folder)
    : network_(std::make_unique<Network>(nets_folder)) {}

MeshFinder::~MeshFinder() = default;

std::vector<cv::Point3d> MeshFinder::find(const cv::Mat& rgb, const face::Landmarks& landmarks) const {
  const at::NoGradGuard no_grad;
  std::vector<cv::Point2d> points(landmarks.begin(), landmarks.end());
  cv::Point2d eye_line = face::eye_centre(landmarks, 1) - face::eye_centre(landmarks, 0);
  double further_up = 0.35;  // landmarks end at the brows
  std::vector<cv::Point3d> mesh(kPoints);
  // The second time the crop follows from the mesh itself, as in a video.
  for (int round = 0; round < 2; ++round) {
    const cv::Matx23d forward = crop_from_picture(points, eye_line, further_up);
    cv::Mat crop, values;
    const double scale = std::hypot(forward(0, 0), forward(0, 1));
    cv::warpAffine(rgb, crop, forward, {kSide_px, kSide_px}, scale < 0.5 ? cv::INTER_AREA : cv::INTER_LINEAR,
                   cv::BORDER_REFLECT);
    crop.convertTo(values, CV_32FC3, 1.0 / 255.0);
    const at::Tensor input =
        at::from_blob(values.data, {1, kSide_px, kSide_px, 3}, at::kFloat).permute({0, 3, 1, 2});
    const at::Tensor output = network_->graph.forward(input)[0].flatten().contiguous();
    cv::Matx23d backward;
    cv::invertAffineTransform(forward, backward);
    const auto* value = output.data_ptr<float>();
    points.clear();
    for (cv::Point3d& point : mesh) {
      const double x = *value++, y = *value++, z = *value++;
      point = {backward(0, 0) * x + backward(0, 1) * y + backward(0, 2),
               backward(1, 0) * x + backward(1, 1) * y + backward(1, 2), -z / scale};
      points.emplace_back(point.x, point.y);
    }
    eye_line = points[kRightEyeCorner] - points[kLeftEyeCorner];
    further_up = 0;
  }
  return mesh;
}

}  // namespace toonmirror::datasets
