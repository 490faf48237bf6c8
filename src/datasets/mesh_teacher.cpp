#include "datasets/mesh_teacher.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "face/cartoon_geometry.h"
#include "training/layer_graph.h"

namespace toonmirror::datasets {
namespace {

constexpr int kMeshCrop_px = 192, kEyeCrop_px = 64;
constexpr double kFaceSide = 1.5, kEyeSide = 2.3;  // of the crops, by the box of the points and by the eye
constexpr double kForehead = 0.35;  // of the height of dlib's landmarks, which end at the brows

// The lids as iris64 tells them: the lower one from the inner corner to the outer, then the upper one
// between.
constexpr std::array<size_t, nets::kLidPoints> kOrderOfLids = {8, 7,  6,  5,  4,  3,  2,  1,
                                                               0, 15, 14, 13, 12, 11, 10, 9};

// A square that is looked through.
struct View {
  cv::Point2d centre, right;  // to the middle of the right side
};

cv::Point2d down_of(const cv::Point2d& right) { return {-right.y, right.x}; }

// Upright in the direction of the eyes.
View view_around(const std::vector<cv::Point2d>& points, const cv::Point2d& eye_line, double further_up) {
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

View view_around(const TaughtPoints& mesh) {
  std::vector<cv::Point2d> points;
  for (size_t i = 0; i < nets::kSurfacePoints; ++i) points.emplace_back(mesh[i].x, mesh[i].y);
  return view_around(points, points[nets::kRightEyeCorner] - points[nets::kLeftEyeCorner], 0);
}

// Picture and crop coordinates of a view; mirrored: as if the picture were.
struct Crop {
  cv::Mat pixels;
  cv::Matx23d backward;  // picture from crop
  double scale;          // crop pixels by picture pixel

  Crop(const cv::Mat& rgb, const View& view, int side_px, bool mirrored)
      : scale(side_px / (2 * cv::norm(view.right))) {
    const cv::Point2d x = view.right * ((mirrored ? -scale : scale) / cv::norm(view.right));
    const cv::Point2d y = down_of(view.right) * (scale / cv::norm(view.right));
    const cv::Matx23d forward(x.x, x.y, side_px / 2.0 - x.dot(view.centre), y.x, y.y,
                              side_px / 2.0 - y.dot(view.centre));
    cv::warpAffine(rgb, pixels, forward, {side_px, side_px}, scale < 0.5 ? cv::INTER_AREA : cv::INTER_LINEAR,
                   cv::BORDER_REFLECT);
    cv::invertAffineTransform(forward, backward);
  }

  cv::Point2d picture(double crop_x, double crop_y) const {
    const cv::Vec2d p = backward * cv::Vec3d(crop_x, crop_y, 1);
    return {p[0], p[1]};
  }
};

std::vector<at::Tensor> answers(const training::LayerGraph& graph, const Crop& crop) {
  cv::Mat values;
  crop.pixels.convertTo(values, CV_32FC3, 1.0 / 255.0);
  const at::Tensor input =
      at::from_blob(values.data, {1, values.rows, values.cols, 3}, at::kFloat).permute({0, 3, 1, 2});
  std::vector<at::Tensor> result = graph.forward(input);
  for (at::Tensor& output : result) output = output.flatten().contiguous();
  return result;
}

}  // namespace

struct MeshTeacher::Networks {
  explicit Networks(const std::filesystem::path& folder)
      : mesh(folder, "facemesh468", at::kFloat), iris(folder, "iris64", at::kFloat) {}

  // Adds share · the mesh that is seen in the view; returns the score of a face.
  double look(const cv::Mat& rgb, const View& view, double share, TaughtPoints& sum) const {
    const Crop crop(rgb, view, kMeshCrop_px, /*mirrored=*/false);
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
    const View view{{(outer.x + inner.x) / 2, (outer.y + inner.y) / 2}, width * (kEyeSide / 2)};
    if (cv::norm(view.right) < 1) return;
    const Crop crop(rgb, view, kEyeCrop_px, mirrored);
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

  TaughtMesh taught(const cv::Mat& rgb, View view) const {
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
  const cv::Point2d eye_line = face::eye_centre(landmarks, 1) - face::eye_centre(landmarks, 0);
  return networks_->taught(rgb, view_around({landmarks.begin(), landmarks.end()}, eye_line, kForehead));
}

TaughtMesh MeshTeacher::follow(const cv::Mat& rgb, const TaughtPoints& near) const {
  const at::NoGradGuard no_grad;
  return networks_->taught(rgb, view_around(near));
}

}  // namespace toonmirror::datasets
