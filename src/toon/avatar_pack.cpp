#include "toon/avatar_pack.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "face/face.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::toon {
namespace {

using checkpoint::SafetensorsFile;
using Shape = std::vector<int64_t>;

constexpr int64_t kLargest_px = 16384;
constexpr int64_t kLandmarkNumbers = int64_t{2} * face::kLandmarkCount, kSquareNumbers = 4;

// Whether all points (x, y, x, y, …) are in a picture or not further from it than its larger side; false
// where one is no number.
bool near_picture(const at::Tensor& points, double side_px) {
  const auto* numbers = points.data_ptr<double>();
  return std::all_of(numbers, numbers + points.numel(),
                     [side_px](double x) { return x >= -side_px && x <= 2 * side_px; });
}

bool is_picture(const at::Tensor& picture) {
  return picture.dim() == 3 && picture.size(2) == 3 && picture.scalar_type() == at::kByte &&
         std::min(picture.size(0), picture.size(1)) >= 1 &&
         std::max(picture.size(0), picture.size(1)) <= kLargest_px;
}

bool is_row(const at::Tensor& numbers, int64_t count) {
  return numbers.numel() == count && numbers.scalar_type() == at::kDouble;
}

bool is_mesh(const at::Tensor& mesh, double side_px) {
  return mesh.dim() == 2 && mesh.size(1) == 3 && is_row(mesh, nets::kMeshPoints * 3) &&
         near_picture(mesh.slice(1, 0, 2).contiguous(), side_px) && mesh.isfinite().all().item<bool>();
}

bool is_square(const at::Tensor& square, double side_px) {
  const auto* numbers = square.data_ptr<double>();
  const double half_side = std::hypot(numbers[2], numbers[3]);
  return near_picture(square.reshape({kSquareNumbers}).slice(0, 0, 2), side_px) && half_side >= 0.5 &&
         half_side <= 2 * side_px;
}

Error not_of_model(const SafetensorsFile& file, const std::string& name) {
  return Error(file.path().string() + ": its tensor " + name + " is none of the motion model that it names");
}

void check_shape(const SafetensorsFile& file, const std::string& name, const Shape& shape) {
  const at::Tensor tensor = file.tensor(name);
  const bool is_float = tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16;
  if (is_float && tensor.sizes() == at::IntArrayRef(shape)) return;
  throw not_of_model(file, name);
}

void check_points(const SafetensorsFile& file, const std::string& name, const Shape& shape) {
  check_shape(file, name, shape);
  if (file.tensor(name).isfinite().all().item<bool>()) return;
  throw Error(file.path().string() + ": its tensor " + name + " holds what is no number");
}

}  // namespace

void check_avatar_picture(const SafetensorsFile& file) {
  const at::Tensor picture = file.tensor("picture"), landmarks = file.tensor("landmarks"),
                   square = file.tensor("square");
  if (is_picture(picture) && is_row(landmarks, kLandmarkNumbers) && is_row(square, kSquareNumbers)) {
    const auto side_px = static_cast<double>(std::max(picture.size(0), picture.size(1)));
    const bool has_mesh = !file.contains("mesh") || is_mesh(file.tensor("mesh"), side_px);
    if (near_picture(landmarks, side_px) && is_square(square, side_px) && has_mesh) return;
  }
  throw Error(file.path().string() + ": its picture, landmarks, mesh and square do not make an avatar");
}

void check_avatar_motion(const SafetensorsFile& file, const nets::MotionModelOptions& options,
                         int64_t side_px) {
  const nets::MotionGeneratorOptions& generator = options.generator;
  const auto features = [&](int64_t level) -> Shape {
    const int64_t width = std::min(generator.max_features, generator.block_expansion << level);
    return {1, width, side_px >> level, side_px >> level};
  };
  const int64_t small_px = side_px / generator.dense_motion.hourglass.step();
  check_shape(file, "motion.small", {1, options.num_channels, small_px, small_px});
  check_shape(file, "motion.features", features(generator.num_down_blocks));
  for (int64_t i = 0; i < generator.warped_skips; ++i) {
    check_shape(file, "motion.skips." + std::to_string(i), features(generator.num_down_blocks - 1 - i));
  }
  check_points(file, "motion.value", {1, options.learned_kp(), 2});
  if (options.estimate_jacobian) {
    check_points(file, "motion.jacobian", {1, options.learned_kp(), 2, 2});
  } else if (file.contains("motion.jacobian")) {
    throw not_of_model(file, "motion.jacobian");
  }
}

}  // namespace toonmirror::toon
