#include "datasets/mesh_finder.h"

#include "datasets/face_view.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::datasets {

struct MeshFinder::Network {
  explicit Network(const std::filesystem::path& folder) : graph(folder, "facemesh468", at::kFloat, 1) {}
  training::LayerGraph graph;
};

MeshFinder::MeshFinder(const std::filesystem::path& nets_folder)
    : network_(std::make_unique<Network>(nets_folder)) {}

MeshFinder::~MeshFinder() = default;

std::vector<cv::Point3d> MeshFinder::find(const cv::Mat& rgb, const face::Landmarks& landmarks) const {
  const at::NoGradGuard no_grad;
  FaceView view = view_around(landmarks);
  std::vector<cv::Point3d> mesh(nets::kSurfacePoints);
  // The second time the crop follows from the mesh itself, as in a video.
  for (int round = 0; round < 2; ++round) {
    const FaceCrop crop(rgb, view, kMeshCrop_px);
    const at::Tensor told = answers(network_->graph, crop)[0];
    const auto* value = told.data_ptr<float>();
    std::vector<cv::Point2d> points;
    for (cv::Point3d& point : mesh) {
      points.push_back(crop.picture(value[0], value[1]));
      point = {points.back().x, points.back().y, -value[2] / crop.scale};
      value += 3;
    }
    view = view_around(points);
  }
  return mesh;
}

}  // namespace toonmirror::datasets
