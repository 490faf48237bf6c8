#include "training/turned_view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "support/face_mesh.h"

namespace toonmirror::training {
namespace {

MeshPoints synthetic_points() {
  const at::Tensor mesh = testing::synthetic_mesh().contiguous();
  MeshPoints result;
  std::copy_n(mesh.data_ptr<float>(), nets::kMeshPoints * 3, result.front().data());
  return result;
}

TEST(TurnView, WithoutATurnAllStays) {
  MeshPoints points = synthetic_points();
  const MeshPoints before = points;
  const TurnedView view = turn_view(points, {});
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(points[i][axis], before[i][axis], 1e-5);
  }
  EXPECT_NEAR(view.field(0.2F, -0.3F)[0], 0, 1e-6);
}

TEST(TurnView, TheNoseGoesWhereTheHeadTurns) {
  MeshPoints points = synthetic_points();
  const MeshPoints before = points;
  turn_view(points, {std::numbers::pi / 2, 0.35, 0});
  EXPECT_GT(points[nets::kBelowNose][0] - before[nets::kBelowNose][0], 0.05);
  EXPECT_NEAR(points[nets::kBelowNose][1], before[nets::kBelowNose][1], 0.02);
  // The side that is turned away is farther off than the other.
  EXPECT_LT(points[454][2], points[234][2]);
}

TEST(TurnView, PointsLieWhereTheFieldTakesTheirPixels) {
  for (const double angle : {-0.5, 0.2, 0.5}) {
    MeshPoints points = synthetic_points();
    const MeshPoints before = points;
    const TurnedView view = turn_view(points, {1.4, angle, 0.2});
    size_t hidden = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      if (view.hidden[i]) {
        ++hidden;
        continue;
      }
      const auto [dx, dy] = view.field(points[i][0], points[i][1]);
      EXPECT_NEAR(points[i][0] + dx, before[i][0], 0.015);
      EXPECT_NEAR(points[i][1] + dy, before[i][1], 0.015);
    }
    EXPECT_LT(hidden, points.size() / 5);
  }
}

}  // namespace
}  // namespace toonmirror::training
