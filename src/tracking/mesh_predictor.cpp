#include "tracking/mesh_predictor.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "checkpoint/checkpoint_file.h"
#include "face/alignment.h"
#include "face/warp.h"
#include "nets/face_mesh.h"
#include "nets/mesh_measures.h"

namespace toonmirror::tracking {
namespace {

face::FaceSquare square_of(const nets::MeshSquare& square) {
  return {{square.centre_x, square.centre_y}, {square.right_x, square.right_y}};
}

face::Landmarks landmarks_of(const at::Tensor& points, const at::Tensor& map) {
  const at::Tensor found = nets::landmarks68_of(points.unsqueeze(0), map)[0].contiguous();
  face::Landmarks result;
  const auto* value = found.data_ptr<float>();
  for (cv::Point2d& point : result) {
    point = {value[0], value[1]};
    value += 2;
  }
  return result;
}

}  // namespace

struct MeshPredictor::Network {
  nets::FaceMesh mesh{nullptr};
};

MeshPredictor::MeshPredictor(const std::filesystem::path& file) : network_(std::make_unique<Network>()) {
  const c10::InferenceMode inference;
  network_->mesh = nets::load_face_mesh(checkpoint::CheckpointFile(file));
  network_->mesh->eval();
  network_->mesh->prepare(at::kFloat);
}

MeshPredictor::~MeshPredictor() = default;

MeshFace MeshPredictor::predict(const cv::Mat& rgb, const face::FaceSquare& square) const {
  face::require_rgb(rgb, "face mesh");
  const c10::InferenceMode inference;
  const auto size_px = static_cast<int>(network_->mesh->options().resolution);
  const face::Alignment alignment = face::align_square(square, size_px);
  cv::Mat crop = face::resample(rgb, alignment.frame_from_crop, {size_px, size_px}, cv::INTER_LINEAR,
                                cv::BORDER_REFLECT);
  crop.convertTo(crop, CV_32FC3, 1.0 / 127.5, -1.0);
  const at::Tensor input =
      at::from_blob(crop.data, {1, size_px, size_px, 3}, at::kFloat).permute({0, 3, 1, 2});
  const nets::FaceMeshResult told = network_->mesh->forward(input);

  const nets::MeshSquare looked_at = {square.centre.x, square.centre.y, square.right.x, square.right.y};
  const at::Tensor points = nets::picture_from_square(told.points, looked_at).contiguous();
  MeshFace face;
  face.square = square_of(nets::square_around(points[0]));
  face.landmarks = landmarks_of(points[0], network_->mesh->landmarks68);
  face.presence = 1.0 / (1.0 + std::exp(-told.presence.item<double>()));
  const auto* value = points.data_ptr<float>();
  for (int64_t i = 0; i < points.size(1); ++i, value += 3) {
    face.points.emplace_back(value[0], value[1], value[2]);
  }
  return face;
}

}  // namespace toonmirror::tracking
