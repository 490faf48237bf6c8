#include "nets/mesh_measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "nets/face_mesh_points.h"
#include "support/face_mesh.h"

namespace toonmirror::nets {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

at::Tensor rotation(double yaw_deg, double pitch_deg, double roll_deg) {
  const auto c = [](double degrees) { return std::cos(degrees * kRadians); };
  const auto s = [](double degrees) { return std::sin(degrees * kRadians); };
  const auto matrix = [](std::initializer_list<double> values) {
    return at::tensor(at::ArrayRef<double>(values.begin(), values.size()), at::kDouble).view({3, 3});
  };
  const double y = yaw_deg, p = pitch_deg, r = roll_deg;
  // The nose, towards the viewer, goes to the right; then down.
  const at::Tensor turn = matrix({c(y), 0, s(y), 0, 1, 0, -s(y), 0, c(y)});
  const at::Tensor nod = matrix({1, 0, 0, 0, c(p), s(p), 0, -s(p), c(p)});
  const at::Tensor tilt = matrix({c(r), -s(r), 0, s(r), c(r), 0, 0, 0, 1});
  return tilt.matmul(turn).matmul(nod);
}

// A mesh turned, enlarged and moved.
at::Tensor seen(const at::Tensor& mesh, const at::Tensor& rotated, double scale) {
  return mesh.to(at::kDouble).matmul(rotated.t()) * scale + at::tensor({120.0, -40.0, 7.0}, at::kDouble);
}

TEST(HeadRotations, RecoverHowAHeadIsTurned) {
  const at::Tensor mesh = testing::synthetic_mesh();
  const double angles[][3] = {{0, 0, 0}, {30, 0, 0}, {0, -20, 0}, {-25, 15, 40}, {50, 10, -100}, {5, 3, 170}};
  for (const auto& [yaw, pitch, roll] : angles) {
    const at::Tensor expected = rotation(yaw, pitch, roll);
    const at::Tensor found = head_rotations(seen(mesh, expected, 55).unsqueeze(0), mesh);
    EXPECT_TRUE(at::allclose(found[0], expected, 1e-6, 1e-6));
    const at::Tensor told = head_angles(found)[0];
    EXPECT_NEAR(told[0].item<double>(), yaw, 1e-4);
    EXPECT_NEAR(told[1].item<double>(), pitch, 1e-4);
    EXPECT_NEAR(told[2].item<double>(), roll, 1e-4);
  }
}

TEST(HeadRotations, DoNotHearTheMouth) {
  const at::Tensor mesh = testing::synthetic_mesh();
  at::Tensor speaking = seen(mesh, rotation(12, 5, 3), 1).unsqueeze(0);
  for (const int64_t point : kInnerLips) speaking[0][point] += 0.4;
  for (const int64_t point : kLeftLids) speaking[0][point] += 0.1;
  EXPECT_TRUE(at::allclose(head_rotations(speaking, mesh)[0], rotation(12, 5, 3), 1e-6, 1e-6));
}

TEST(HeadRotations, ArePositiveToTheRightAndDown) {
  const at::Tensor mesh = testing::synthetic_mesh();
  at::Tensor nose_right = mesh.clone(), nose_down = mesh.clone();
  nose_right.select(1, 0) += 0.3 * mesh.select(1, 2);
  nose_down.select(1, 1) += 0.3 * mesh.select(1, 2);
  const at::Tensor angles = head_angles(head_rotations(at::stack({nose_right, nose_down}), mesh));
  EXPECT_GT(angles[0][0].item<double>(), 0.5);
  EXPECT_GT(angles[1][1].item<double>(), 0.5);
}

TEST(SquareAround, FollowsTheFace) {
  const at::Tensor mesh = testing::synthetic_mesh();
  const MeshSquare upright = square_around(mesh * 50.0);
  EXPECT_NEAR(upright.centre_x, 0, 0.1);
  EXPECT_NEAR(upright.centre_y, 0, 0.1);
  EXPECT_NEAR(upright.right_x, 0.75 * 2 * 0.66 * 50, 0.1);
  EXPECT_NEAR(upright.right_y, 0, 0.1);
  const MeshSquare lying = square_around(seen(mesh, rotation(0, 0, 90), 50));
  EXPECT_NEAR(lying.centre_x, 120, 0.1);
  EXPECT_NEAR(lying.centre_y, -40, 0.1);
  EXPECT_NEAR(lying.right_y, upright.right_x, 0.1);
}

TEST(SquareAround, ItsUnitsAreThoseOfTheCrop) {
  const MeshSquare square{100, 60, 30, 40};
  const at::Tensor corners = at::tensor({0.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.5F, 0.0F, 1.0F, -1.0F}).view({3, 3});
  const at::Tensor there = picture_from_square(corners, square);
  const at::Tensor expected =
      at::tensor({100.0F, 60.0F, 0.0F, 130.0F, 100.0F, 25.0F, 60.0F, 90.0F, -50.0F}).view({3, 3});
  EXPECT_TRUE(at::allclose(there, expected, 1e-5, 1e-4));
  EXPECT_TRUE(at::allclose(square_from_picture(there, square), corners, 1e-5, 1e-5));
}

TEST(EyeOpenings, AreGapsInWidthsOfTheEye) {
  at::Tensor mesh = testing::synthetic_mesh();
  for (size_t k = 1; k < kInnerCorner; ++k) {
    mesh[kLeftLids[k + kUpperLid]][1] = mesh[kLeftLids[k]][1].item<float>() - 0.06F;
    mesh[kRightLids[k + kUpperLid]][1] = mesh[kRightLids[k]][1];
  }
  const at::Tensor openings = eye_openings(seen(mesh, rotation(0, 0, 30), 80).unsqueeze(0))[0];
  EXPECT_NEAR(openings[0].item<double>(), 0.3, 1e-3);
  EXPECT_NEAR(openings[1].item<double>(), 0, 1e-3);
}

TEST(Landmarks68, MoveWithTheMesh) {
  at::Tensor map = at::zeros({68, kMeshPoints});
  for (int64_t k = 0; k < 68; ++k) {
    map[k][k] = 1.5F;
    map[k][k + 100] = -0.5F;
  }
  const at::Tensor mesh = testing::synthetic_mesh().unsqueeze(0);
  const at::Tensor landmarks = landmarks68_of(mesh, map);
  EXPECT_TRUE(
      at::allclose(landmarks[0][5], (1.5 * mesh[0][5] - 0.5 * mesh[0][105]).slice(0, 0, 2), 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(landmarks68_of(mesh * 3.0 + 1000.0, map), landmarks * 3.0 + 1000.0, 1e-5, 1e-2));
}

}  // namespace
}  // namespace toonmirror::nets
