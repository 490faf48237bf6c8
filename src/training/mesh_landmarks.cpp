#include "training/mesh_landmarks.h"

#include "base/error.h"
#include "nets/face_mesh_points.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kNearest = 12;
// Of the mean square distance between the points: weights of some hundredths change more than they tell.
constexpr double kRidge = 0.02;

// The nearest point is where the others' weights start from: y − p₀ = Σ w (p − p₀), so that the sum is one.
at::Tensor fitted_row(const at::Tensor& points, const at::Tensor& landmark, const at::Tensor& near) {
  const at::Tensor seen = points.index_select(1, near);                            // [N, K, 2]
  const at::Tensor origin = seen.slice(1, 0, 1);                                   // [N, 1, 2]
  const at::Tensor x = (seen.slice(1, 1) - origin).transpose(1, 2).flatten(0, 1);  // [2N, K − 1]
  const at::Tensor y = (landmark.unsqueeze(1) - origin).flatten();                 // [2N]
  const at::Tensor normal = at::matmul(x.t(), x);
  const at::Tensor ridge = at::eye(normal.size(0), normal.options()) * (kRidge * normal.diag().mean());
  const at::Tensor weights = at::linalg_solve(normal + ridge, at::matmul(x.t(), y));
  at::Tensor row = at::zeros({points.size(1)}, at::kDouble);
  row.index_add_(0, near, at::cat({1.0 - weights.sum().unsqueeze(0), weights}));
  return row;
}

}  // namespace

at::Tensor fit_landmarks68(const at::Tensor& points, const at::Tensor& landmarks) {
  if (points.size(0) == 0) throw Error("no face with landmarks: what are the mesh's to be fitted to?");
  at::Tensor plane = points.slice(2, 0, 2).to(at::kDouble), wanted = landmarks.to(at::kDouble);
  // In distances of the eyes, so that large faces do not count more.
  const at::Tensor unit = (plane.select(1, nets::kRightEyeCorner) - plane.select(1, nets::kLeftEyeCorner))
                              .norm(2, -1)
                              .clamp_min(1e-6)
                              .view({-1, 1, 1});
  plane = plane / unit;
  wanted = wanted / unit;
  std::vector<at::Tensor> rows;
  for (int64_t k = 0; k < wanted.size(1); ++k) {
    const at::Tensor landmark = wanted.select(1, k);
    const at::Tensor distances = (plane - landmark.unsqueeze(1)).norm(2, -1).mean(0);
    // Irises look about, landmarks do not.
    const at::Tensor near = std::get<1>(
        distances.slice(0, 0, nets::kSurfacePoints).topk(kNearest, 0, /*largest=*/false, /*sorted=*/true));
    rows.push_back(fitted_row(plane, landmark, near));
  }
  return at::stack(rows).to(at::kFloat);
}

}  // namespace toonmirror::training
