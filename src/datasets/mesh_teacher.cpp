#include "datasets/mesh_teacher.h"

#include <cmath>
#include <vector>

#include "datasets/face_view.h"
#include "training/layer_graph.h"

namespace toonmirror::datasets {
namespace {

constexpr int kEyeCrop_px = 64;
constexpr double kEyeSide = 2.3;  // of the crop, by the width of the eye

// The lids as iris64 tells them: the lower one from the inner corner to the outer, then the upper one
// between.
constexpr std::array<size_t, nets::kLidPoints> kOrderOfLids = {8, 7,  6,  5,  4,  3,  2,  1,
                                                               0, 15, 14, 13, 12, 11, 10, 9};

FaceView view_around(const TaughtPoints& mesh) {
  std::vector<cv::Point2d> points;
  for (size_t i = 0; i < nets::kSurfacePoints; ++i) points.emplace_back(mesh[i].x, mesh[i].y);
  return datasets::view_around(points);
}

}  // namespace

struct MeshTeacher::Networks {
  explicit Networks(const std::filesystem::path& folder)
      : mesh(folder, "facemesh468", at::kFloat), iris(folder, "iris64", at::kFloat) {}

  // Adds share · the mesh that is seen in the view; returns the score of a face.
  double look(const cv::Mat& rgb, const FaceView& view, double share, TaughtPoints& sum) const {
    const FaceCrop crop(rgb, view, kMeshCrop_px);
    const std::vector<at::Tensor> told = answers(mesh, crop);
    const auto* value = told[0].data_ptr<float>();
    for (size_t i = 0; i < nets::kSurfacePoints; ++i, value += 3) {
      const cv::Point2d place = crop.picture(value[0], value[1]);
      sum[i] += cv::Point3d(place.x, place.y, -value[2] / crop.scale) * share;
    }
    return 1.0 / (1.0 + std::exp(-told[1].item<double>()));
  }

  // Lids and iris of an eye that the mesh has found. The network knows right eyes.
  void look_at_eye(const cv::Mat& rgb, const nets::Lids& lids, size_t first_iris, bool mirrored,
                   TaughtPoints& points) const {
    const cv::Point3d outer = points[static_cast<size_t>(lids[0])];
    const cv::Point3d inner = points[static_cast<size_t>(lids[nets::kInnerCorner])];
    cv::Point2d width(outer.x - inner.x, outer.y - inner.y);
    if (mirrored) width = -width;  // from the picture's left to its right
    const FaceView view{{(outer.x + inner.x) / 2, (outer.y + inner.y) / 2}, width * (kEyeSide / 2)};
    if (cv::norm(view.right) < 1) return;
    const FaceCrop crop(rgb, view, kEyeCrop_px, mirrored);
    const std::vector<at::Tensor> told = answers(iris, crop);
    const auto *lid = told[0].data_ptr<float>(), *border = told[1].data_ptr<float>();
    double depth = 0;
    for (size_t i = 0; i < lids.size(); ++i) {
      cv::Point3d& point = points[static_cast<size_t>(lids[i])];
      const float* of_lid = lid + 3 * kOrderOfLids[i];
      const cv::Point2d place = crop.picture(of_lid[0], of_lid[1]);
      point = {place.x, place.y, point.z};
      depth += point.z / static_cast<double>(lids.size());
    }
    for (size_t i = 0; i < nets::kIrisPoints; ++i, border += 3) {
      const cv::Point2d place = crop.picture(border[0], border[1]);
      points[first_iris + i] = {place.x, place.y, depth};
    }
  }

  TaughtMesh taught(const cv::Mat& rgb, FaceView view) const {
    TaughtMesh result;
    TaughtPoints first{};
    look(rgb, view, 1.0, first);
    view = view_around(first);
    TaughtPoints second{};
    look(rgb, view, 1.0, second);
    // Shifts in sides of the square, and sizes.
    struct Other {
      double x, y, size;
    };
    static constexpr std::array<Other, 4> kOthers = {
        {{0, 0, 1}, {0.02, 0.015, 1.05}, {-0.02, 0.015, 0.95}, {0, -0.03, 1.0}}};
    view = view_around(second);
    for (const Other& other : kOthers) {
      const cv::Point2d shift = view.right * (2 * other.x) + down_of(view.right) * (2 * other.y);
      result.face_score +=
          look(rgb, {view.centre + shift, view.right * other.size}, 1.0 / kOthers.size(), result.points) /
          static_cast<double>(kOthers.size());
    }
    look_at_eye(rgb, nets::kLeftLids, nets::kLeftIris, /*mirrored=*/true, result.points);
    look_at_eye(rgb, nets::kRightLids, nets::kRightIris, /*mirrored=*/false, result.points);
    return result;
  }

  training::LayerGraph mesh, iris;
};

MeshTeacher::MeshTeacher(const std::filesystem::path& nets_folder)
    : networks_(std::make_unique<Networks>(nets_folder)) {}

MeshTeacher::~MeshTeacher() = default;

TaughtMesh MeshTeacher::find(const cv::Mat& rgb, const face::Landmarks& landmarks) const {
  const at::NoGradGuard no_grad;
  return networks_->taught(rgb, datasets::view_around(landmarks));
}

TaughtMesh MeshTeacher::follow(const cv::Mat& rgb, const TaughtPoints& near) const {
  const at::NoGradGuard no_grad;
  return networks_->taught(rgb, view_around(near));
}

}  // namespace toonmirror::datasets
