#include "nets/mesh_key_points.h"

#include <array>

#include "nets/face_mesh_points.h"
#include "nets/mesh_measures.h"

namespace toonmirror::nets {
namespace {

constexpr std::array<int64_t, kMeshKeyPoints> kPoints = {10,
                                                         332,
                                                         389,
                                                         454,
                                                         361,
                                                         397,
                                                         152,
                                                         172,
                                                         132,
                                                         234,
                                                         162,
                                                         103,  // around, from the forehead's middle
                                                         105,
                                                         334,
                                                         kLeftIris,
                                                         kRightIris,
                                                         168,
                                                         4,
                                                         50,
                                                         280,
                                                         kLeftMouthCorner,
                                                         kRightMouthCorner,
                                                         13,
                                                         14};
constexpr double kSurroundings = 0.35;  // standard deviation, in distances of the outer eye corners
constexpr double kRidge = 0.02;         // of the spread of the points: a face seen from its side is a line

}  // namespace

std::pair<KeyPoints, KeyPoints> with_mesh_key_points(const KeyPoints& source, const KeyPoints& driving) {
  const int64_t count = driving.mesh.size(0);
  const at::Tensor index = at::tensor(at::ArrayRef<int64_t>(kPoints), at::kLong);
  const at::Tensor from = source.mesh.to(at::kDouble), to = driving.mesh.to(at::kDouble);
  // Who is near is decided in the source: the same points for all frames.
  const at::Tensor centres = from.index_select(1, index);
  const at::Tensor reach = (kSurroundings * eye_distances(from)).clamp_min(1e-6).view({-1, 1, 1});
  at::Tensor weight = (at::cdist(centres, from) / reach).square().mul(-0.5).exp();  // [N, 24, 478]
  weight = (weight / weight.sum(2, /*keepdim=*/true)).expand({count, -1, -1});
  const at::Tensor a = from.slice(2, 0, 2).expand({count, -1, -1}), b = to.slice(2, 0, 2);
  // Σ w (a − ā)(b − b̄)ᵀ and the same of b with itself, by moments.
  const at::Tensor mean_a = weight.matmul(a), mean_b = weight.matmul(b);
  const auto moments = [&](const at::Tensor& x, const at::Tensor& y, const at::Tensor& mean_x,
                           const at::Tensor& mean_y) {
    const at::Tensor products = (x.unsqueeze(3) * y.unsqueeze(2)).flatten(2);  // [N, 478, 4]
    return weight.matmul(products).view({count, kMeshKeyPoints, 2, 2}) -
           mean_x.unsqueeze(3) * mean_y.unsqueeze(2);
  };
  at::Tensor spread = moments(b, b, mean_b, mean_b);
  const at::Tensor size = spread.diagonal(0, 2, 3).sum(2).view({count, kMeshKeyPoints, 1, 1});
  const at::Tensor ridge = (kRidge * size + 1e-9) * at::eye(2, at::kDouble);
  // What the points do not tell, along the ridge, stays as it is.
  const at::Tensor matrix = at::matmul(moments(a, b, mean_a, mean_b) + ridge, inverse_2x2(spread + ridge));

  const at::ScalarType type = driving.value.scalar_type();
  const at::Tensor still = at::eye(2, driving.value.options()).expand({count, kMeshKeyPoints, 2, 2});
  const auto joined = [&](const KeyPoints& learned, const at::Tensor& points, const at::Tensor& jacobian) {
    const auto all = [&](const at::Tensor& x) {
      std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), -1);
      sizes[0] = count;
      return x.expand(sizes);
    };
    return KeyPoints{
        at::cat({all(points.index_select(1, index).slice(2, 0, 2).to(type)), all(learned.value)}, 1),
        learned.jacobian.defined() ? at::cat({jacobian, all(learned.jacobian)}, 1) : at::Tensor(),
        learned.mesh};
  };
  return {joined(source, from, matrix.to(type)), joined(driving, to, still)};
}

}  // namespace toonmirror::nets
