#include "training/mesh_landmarks.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/mesh_measures.h"
#include "support/face_mesh.h"

namespace toonmirror::training {
namespace {

// Faces whose every point lies a little elsewhere.
at::Tensor faces(int64_t count) {
  torch::manual_seed(3);
  std::vector<at::Tensor> result;
  for (int64_t n = 0; n < count; ++n) {
    const double k = static_cast<double>(n) / static_cast<double>(count);
    result.push_back(testing::mesh_in_picture(30 * k, -20 * k, 0.7 + 0.6 * k) +
                     at::randn({nets::kMeshPoints, 3}));
  }
  return at::stack(result);
}

TEST(FitLandmarks68, FindsSumsOfNearPoints) {
  const at::Tensor points = faces(60);
  at::Tensor landmarks = points.slice(1, 0, 68).slice(2, 0, 2).clone();
  // Half-way between two lips.
  landmarks.select(1, 62).copy_((points.select(1, 13) + points.select(1, 14)).slice(1, 0, 2) / 2);
  const at::Tensor map = fit_landmarks68(points, landmarks);
  ASSERT_EQ(map.sizes(), (std::vector<int64_t>{68, nets::kMeshPoints}));
  EXPECT_TRUE(at::allclose(map.sum(1), at::ones({68}), 1e-4, 1e-4));
  EXPECT_LE((map != 0).sum(1).max().item<int64_t>(), 12);
  const at::Tensor others = faces(10) * 1.1;
  const at::Tensor found = nets::landmarks68_of(others, map);
  const at::Tensor mouth = (others.select(1, 13) + others.select(1, 14)).slice(1, 0, 2) / 2;
  EXPECT_LT((found.select(1, 62) - mouth).norm(2, 1).mean().item<double>(), 1.5);
  EXPECT_LT((found.select(1, 8) - others.select(1, 8).slice(1, 0, 2)).norm(2, 1).mean().item<double>(), 1.5);
}

TEST(FitLandmarks68, DoesNotGoByIrises) {
  const at::Tensor points = faces(20);
  at::Tensor landmarks = points.slice(1, 0, 68).slice(2, 0, 2).clone();
  landmarks.select(1, 36).copy_(points.select(1, nets::kLeftIris).slice(1, 0, 2));
  const at::Tensor map = fit_landmarks68(points, landmarks);
  EXPECT_EQ(map.slice(1, nets::kSurfacePoints).abs().max().item<float>(), 0.0F);
}

TEST(FitLandmarks68, WantsFaces) {
  EXPECT_THROW(fit_landmarks68(at::zeros({0, nets::kMeshPoints, 3}), at::zeros({0, 68, 2})), Error);
}

}  // namespace
}  // namespace toonmirror::training
