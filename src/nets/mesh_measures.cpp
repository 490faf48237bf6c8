#include "nets/mesh_measures.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "nets/face_mesh_points.h"

namespace toonmirror::nets {
namespace {

constexpr double kSquareOfBox = 1.5;  // side of the square by the longer side of the box

template <size_t N>
at::Tensor index_of(const std::array<int64_t, N>& points) {
  return at::tensor(at::ArrayRef<int64_t>(points.data(), N), at::kLong);
}

// Weights [P] of what head_rotations() goes by.
at::Tensor rigid_weights(const at::Tensor& canonical) {
  const at::Tensor height = canonical.select(1, 1);
  at::Tensor weights = (height < height[kBelowNose]).to(at::kDouble);
  for (const at::Tensor& moving : {index_of(kLeftLids), index_of(kRightLids), index_of(kBrows)}) {
    weights.index_fill_(0, moving, 0.0);
  }
  if (weights.size(0) > kSurfacePoints) weights.slice(0, kSurfacePoints).zero_();
  return weights / weights.sum().clamp_min(1.0);
}

// Gap of the lids in widths of the eye, [N].
at::Tensor opening(const at::Tensor& plane, const Lids& lids) {
  const at::Tensor points = plane.index_select(1, index_of(lids));
  constexpr int64_t kFirst = 3, kEnd = 6;  // the middle of the lids
  const at::Tensor gaps =
      (points.slice(1, kFirst + kUpperLid, kEnd + kUpperLid) - points.slice(1, kFirst, kEnd)).norm(2, -1);
  const at::Tensor width = (points.select(1, kInnerCorner) - points.select(1, 0)).norm(2, -1);
  return gaps.mean(1) / width.clamp_min(1e-6);
}

}  // namespace

double MeshSquare::half_side() const { return std::hypot(right_x, right_y); }

MeshSquare square_around(const at::Tensor& points) {
  const at::Tensor plane = points.slice(0, 0, kSurfacePoints).slice(1, 0, 2).to(at::kDouble).contiguous();
  const auto point = plane.accessor<double, 2>();
  const double dx = point[kRightEyeCorner][0] - point[kLeftEyeCorner][0];
  const double dy = point[kRightEyeCorner][1] - point[kLeftEyeCorner][1];
  const double length = std::max(std::hypot(dx, dy), 1e-9), x = dx / length, y = dy / length;
  double low[2] = {1e30, 1e30}, high[2] = {-1e30, -1e30};
  for (int64_t i = 0; i < kSurfacePoints; ++i) {
    const double along[2] = {point[i][0] * x + point[i][1] * y, point[i][1] * x - point[i][0] * y};
    for (int axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], along[axis]);
      high[axis] = std::max(high[axis], along[axis]);
    }
  }
  const double half = kSquareOfBox / 2 * std::max({high[0] - low[0], high[1] - low[1], 1e-9});
  const double u = (low[0] + high[0]) / 2, v = (low[1] + high[1]) / 2;
  return {u * x - v * y, u * y + v * x, half * x, half * y};
}

at::Tensor picture_from_square(const at::Tensor& points, const MeshSquare& square) {
  const at::Tensor x = points.select(-1, 0), y = points.select(-1, 1);
  std::vector<at::Tensor> result = {x * square.right_x - y * square.right_y + square.centre_x,
                                    x * square.right_y + y * square.right_x + square.centre_y};
  if (points.size(-1) > 2) result.push_back(points.select(-1, 2) * square.half_side());
  return at::stack(result, -1);
}

at::Tensor square_from_picture(const at::Tensor& points, const MeshSquare& square) {
  const double half = square.half_side(), scale = 1.0 / (half * half);
  const at::Tensor x = points.select(-1, 0) - square.centre_x, y = points.select(-1, 1) - square.centre_y;
  std::vector<at::Tensor> result = {(x * square.right_x + y * square.right_y) * scale,
                                    (y * square.right_x - x * square.right_y) * scale};
  if (points.size(-1) > 2) result.push_back(points.select(-1, 2) / half);
  return at::stack(result, -1);
}

at::Tensor eye_distances(const at::Tensor& points) {
  return (points.select(1, kRightEyeCorner) - points.select(1, kLeftEyeCorner)).norm(2, -1);
}

at::Tensor eye_openings(const at::Tensor& points) {
  const at::Tensor plane = points.slice(2, 0, 2);
  return at::stack({opening(plane, kLeftLids), opening(plane, kRightLids)}, 1);
}

at::Tensor mouth_openings(const at::Tensor& points) {
  const at::Tensor plane = points.slice(2, 0, 2);
  at::Tensor gaps = at::zeros({plane.size(0)}, plane.options());
  for (const auto& [lower, upper] : kLipPairs) {
    gaps = gaps + (plane.select(1, upper) - plane.select(1, lower)).norm(2, -1);
  }
  const at::Tensor width =
      (plane.select(1, kRightMouthCorner) - plane.select(1, kLeftMouthCorner)).norm(2, -1);
  return gaps / static_cast<double>(kLipPairs.size()) / width.clamp_min(1e-6);
}

at::Tensor head_rotations(const at::Tensor& points, const at::Tensor& canonical) {
  const at::Tensor weights = rigid_weights(canonical).unsqueeze(1);  // [P, 1]
  const at::Tensor model = canonical.to(at::kDouble), seen = points.to(at::kDouble);
  const at::Tensor model_around = model - (model * weights).sum(0, /*keepdim=*/true);
  const at::Tensor seen_around = seen - (seen * weights).sum(1, /*keepdim=*/true);
  const at::Tensor covariance = at::matmul(seen_around.transpose(1, 2), model_around * weights);
  const auto [u, sizes, vt] = at::linalg_svd(covariance);
  at::Tensor signs = at::ones_like(sizes);
  signs.select(1, 2).copy_(at::linalg_det(at::matmul(u, vt)).sign());  // a rotation, not a reflection
  return at::matmul(u * signs.unsqueeze(1), vt);
}

at::Tensor head_angles(const at::Tensor& rotations) {
  const auto entry = [&](int64_t row, int64_t column) { return rotations.select(1, row).select(1, column); };
  const at::Tensor roll = at::atan2(entry(1, 0), entry(0, 0));
  const at::Tensor yaw = at::atan2(-entry(2, 0), at::hypot(entry(0, 0), entry(1, 0)));
  const at::Tensor pitch = at::atan2(-entry(2, 1), entry(2, 2));
  return at::stack({yaw, pitch, roll}, 1) * (180.0 / std::numbers::pi);
}

at::Tensor landmarks68_of(const at::Tensor& points, const at::Tensor& map) {
  const at::Tensor plane = points.slice(-1, 0, 2).to(at::kFloat);
  // Around their middle, so that the rounding of the map does not grow with the place in the picture.
  const at::Tensor middle = plane.mean(1, /*keepdim=*/true);
  return at::matmul(map, plane - middle) + middle;
}

}  // namespace toonmirror::nets
