// What moves a face mesh and pictures by it: mesh_transfer, mesh_field, mesh_key_points, mouth_prior.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/model_path.h"
#include "checkpoint/safetensors.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_field.h"
#include "nets/mesh_key_points.h"
#include "nets/mesh_measures.h"
#include "nets/mesh_surface.h"
#include "nets/mesh_transfer.h"
#include "nets/mouth_prior.h"

namespace toonmirror::nets {
namespace {

// The mean face of the house's mesh, half as large as the picture.
at::Tensor mean_face() {
  const checkpoint::SafetensorsFile file(find_model("mesh", ".safetensors"));
  return file.tensor("canonical").to(at::kDouble) * 0.75;
}

at::Tensor turned(const at::Tensor& mesh, double yaw_deg, double pitch_deg, double roll_deg = 0) {
  const double y = yaw_deg * std::numbers::pi / 180, p = pitch_deg * std::numbers::pi / 180,
               r = roll_deg * std::numbers::pi / 180;
  const at::Tensor yaw =
      at::tensor({std::cos(y), 0., std::sin(y), 0., 1., 0., -std::sin(y), 0., std::cos(y)}, at::kDouble);
  const at::Tensor pitch =
      at::tensor({1., 0., 0., 0., std::cos(p), std::sin(p), 0., -std::sin(p), std::cos(p)}, at::kDouble);
  const at::Tensor roll =
      at::tensor({std::cos(r), -std::sin(r), 0., std::sin(r), std::cos(r), 0., 0., 0., 1.}, at::kDouble);
  return mesh.matmul(roll.view({3, 3}).matmul(yaw.view({3, 3})).matmul(pitch.view({3, 3})).t());
}

// Lids of both eyes at that share of their opening.
at::Tensor with_eyes(const at::Tensor& mesh, double open) {
  at::Tensor result = mesh.clone();
  for (const Lids& lids : {kLeftLids, kRightLids}) {
    for (int64_t k = 1; k < kUpperLid; ++k) {
      const at::Tensor lower = mesh[lids[k]], upper = mesh[lids[k + kUpperLid]];
      result[lids[k + kUpperLid]] = at::lerp(lower, upper, open);
    }
  }
  return result;
}

// The lower lip and the chin that much lower.
at::Tensor with_mouth_open(const at::Tensor& mesh, double by) {
  at::Tensor result = mesh.clone();
  for (size_t k = 1; k < kInnerLips.size() / 2; ++k) {
    result[kInnerLips[k]][1] += by;
    result[kOuterLips[k]][1] += by;
  }
  result[152][1] += by;
  return result;
}

double gap(const at::Tensor& mesh) { return mouth_openings(mesh.unsqueeze(0)).item<double>(); }
double eyes(const at::Tensor& mesh) { return eye_openings(mesh.unsqueeze(0)).mean().item<double>(); }

TEST(HeadTurn, IsPositiveToTheRightAndDown) {
  for (const auto& [yaw, pitch] :
       {std::pair{0.0, 0.0}, {25.0, 0.0}, {-30.0, 0.0}, {0.0, 20.0}, {0.0, -15.0}}) {
    const HeadTurn turn = head_turn(turned(mean_face(), yaw, pitch));
    EXPECT_NEAR(turn.yaw, yaw, 1);
    EXPECT_NEAR(turn.pitch, pitch, 1);  // a nose leans differently from each side
  }
}

TEST(TransferMotion, FromTheInitialFrameToItselfIsRest) {
  const at::Tensor source = turned(with_eyes(mean_face(), 0.8), 10, 5, 7) * 1.3 + 0.2;
  const at::Tensor initial = turned(mean_face(), -5, 3) * 0.7;
  EXPECT_TRUE(at::allclose(transfer_motion(source, initial, initial), source, 1e-6, 1e-6));
}

TEST(TransferMotion, TurnsAsTheDrivingHeadTurnsAndNoFurtherThanThePictureShows) {
  const at::Tensor source = mean_face() * 1.2, initial = mean_face() * 0.6 - 0.3;
  const auto moved_by = [&](double yaw, double pitch, const MotionStrengths& strengths = {}) {
    return head_turn(transfer_motion(source, turned(initial, yaw, pitch), initial, strengths));
  };
  EXPECT_NEAR(moved_by(20, 0).yaw, 20, 0.5);
  EXPECT_NEAR(moved_by(0, -12).pitch, -12, 0.5);
  EXPECT_NEAR(moved_by(20, 0, {.pose = 0.5}).yaw, 10, 0.5);
  EXPECT_NEAR(moved_by(20, 0, {.pose = 0}).yaw, 0, 0.5);
  for (const double yaw : {45.0, 60.0, 80.0}) {
    EXPECT_GT(moved_by(yaw, 0).yaw, 0.7 * kLargestYaw_deg);
    EXPECT_LE(moved_by(yaw, 0).yaw, kLargestYaw_deg + 0.5);
  }
}

TEST(TransferMotion, MovesInThePictureByTheSizeOfTheFace) {
  const at::Tensor source = mean_face() * 1.2, initial = mean_face() * 0.6;
  const at::Tensor moved = transfer_motion(source, initial + at::tensor({0.05, -0.025, 0.0}), initial);
  EXPECT_TRUE(
      at::allclose(moved - source, at::tensor({0.1, -0.05, 0.0}, at::kDouble).expand({478, 3}), 1e-6, 1e-6));
}

TEST(TransferMotion, LeavesTheHeadOnItsShoulders) {
  const at::Tensor source = mean_face(), initial = mean_face();
  const double eyes = eye_distances(source.unsqueeze(0)).item<double>();
  double before = 0;
  for (const double far : {0.5, 1.0, 3.0}) {
    const at::Tensor moved =
        transfer_motion(source, initial + at::tensor({far * eyes, 0.0, 0.0}), initial) - source;
    const double step = moved.select(1, 0).mean().item<double>();
    EXPECT_GT(step, before);
    EXPECT_LE(step, 0.7 * eyes + 1e-6);
    before = step;
  }
}

TEST(TransferMotion, ShutsEyesOfAnySize) {
  // A drawing's eyes are half as high again as those of who drives.
  const at::Tensor source = with_eyes(mean_face(), 1.5), initial = mean_face();
  double before = 1.05 * eyes(source);  // turned, eyes are narrower
  for (const double open : {1.0, 0.75, 0.5, 0.25, 0.0}) {
    const double now = eyes(transfer_motion(source, with_eyes(turned(initial, 15, 4), open), initial));
    EXPECT_LE(now, before) << open;
    before = now;
  }
  EXPECT_LT(before, 0.02);
  // What a mesh says of shut eyes is not quite nothing.
  EXPECT_LT(eyes(transfer_motion(source, with_eyes(initial, 0.2), initial)), 0.02);
  EXPECT_NEAR(eyes(transfer_motion(source, with_eyes(initial, 0), initial, {.expression = 0})), eyes(source),
              1e-6);
}

TEST(TransferMotion, OpensMouthsAndLipsDoNotCross) {
  const at::Tensor source = mean_face(), initial = with_mouth_open(mean_face(), 0.03);
  const at::Tensor wide = transfer_motion(source, with_mouth_open(mean_face(), 0.15), initial);
  EXPECT_GT(gap(wide), gap(source) + 0.2);
  const at::Tensor shut = transfer_motion(source, with_mouth_open(mean_face(), -0.03), initial);
  for (const auto& [lower, upper] : kLipPairs) {
    EXPECT_GE(shut[lower][1].item<double>(), shut[upper][1].item<double>() - 1e-6);
  }
}

TEST(TransferMotion, LooksWhereTheDrivingLooks) {
  const at::Tensor source = turned(mean_face(), 8, 0) * 1.3, initial = mean_face();
  at::Tensor looking = initial.clone();
  for (int64_t k = 0; k < kIrisPoints; ++k) {
    looking[kLeftIris + k][0] += 0.03;
    looking[kRightIris + k][0] += 0.03;
  }
  const at::Tensor moved = transfer_motion(source, turned(looking, -10, 6), turned(initial, 4, 0));
  const at::Tensor still = transfer_motion(source, turned(initial, -10, 6), turned(initial, 4, 0));
  for (const int64_t iris : {kLeftIris, kRightIris}) {
    EXPECT_NEAR((moved - still)[iris][0].item<double>(), 0.03 * 1.3, 0.01);
    EXPECT_NEAR((moved - still)[iris][1].item<double>(), 0, 0.01);
  }
}

TEST(MeshSurface, IsSeenFromTheFront) {
  const at::Tensor vertices = surface_vertices(mean_face());
  ASSERT_EQ(vertices.size(0), kSurfaceVertices);
  const auto point = vertices.accessor<double, 2>();
  int from_behind = 0;
  for (const auto& [a, b, c] : kSurface) {
    const double area = (point[b][0] - point[a][0]) * (point[c][1] - point[a][1]) -
                        (point[c][0] - point[a][0]) * (point[b][1] - point[a][1]);
    from_behind += area < 0 ? 1 : 0;
  }
  EXPECT_LT(from_behind, 20);  // nostrils and the sides of the jaw
}

at::Tensor batch(const at::Tensor& mesh) { return mesh.unsqueeze(0); }
at::Tensor part(const MeshField& field, MeshPart which) { return field.parts.select(1, which); }

TEST(MeshField, OfAFaceAtRestMovesNothing) {
  const at::Tensor mesh = mean_face();
  const MeshField field = mesh_field(batch(mesh), batch(mesh), 96);
  const at::Tensor rest = mesh_field(batch(mesh + 10), batch(mesh + 10), 96).grid;  // no face in the picture
  const at::Tensor moved = (field.grid - rest).abs().amax(3);
  EXPECT_LT((moved > 0.01).to(at::kFloat).mean().item<double>(), 0.005);
  EXPECT_EQ(part(field, kUnseen).sum().item<double>() > 30, false);
  EXPECT_EQ(field.cover[0][0][48][48].item<float>(), 1);
  EXPECT_EQ(field.cover[0][0][0][0].item<float>(), 0);
  EXPECT_GT(part(field, kEyes).sum().item<double>(), part(field, kIrises).sum().item<double>());
  EXPECT_GT(part(field, kIrises).sum().item<double>(), 0);
}

TEST(MeshField, SaysWhereEachPointComesFrom) {
  constexpr int64_t kSize = 256;
  const at::Tensor source = mean_face(), wanted = turned(mean_face(), 18, -8, 12) * 0.9 + 0.05;
  const MeshField field = mesh_field(batch(source), batch(wanted), kSize);
  for (const int64_t point : {1, 4, 9, 50, 280, 151, 199, 61, 291, 105, 334}) {
    const auto pixel = [&](int64_t axis) {
      return std::lround((wanted[point][axis].item<double>() + 1) / 2 * (kSize - 1));
    };
    const at::Tensor from = field.grid[0][pixel(1)][pixel(0)].to(at::kDouble);
    EXPECT_LT((from - source[point].slice(0, 0, 2)).abs().max().item<double>(), 0.02) << point;
  }
}

TEST(MeshField, DoesNotFoldInTheFace) {
  const at::Tensor source = mean_face();
  for (const auto& [yaw, pitch] : {std::pair{25.0, 10.0}, {-35.0, 0.0}, {0.0, -20.0}}) {
    const at::Tensor wanted = with_mouth_open(turned(source, yaw, pitch), 0.1);
    const MeshField field = mesh_field(batch(source), batch(wanted), 128);
    const at::Tensor x = field.grid[0].select(2, 0), y = field.grid[0].select(2, 1);
    const auto step = [](const at::Tensor& t, int64_t axis) {
      return t.slice(axis, 1).slice(1 - axis, 1) - t.slice(axis, 0, -1).slice(1 - axis, 1);
    };
    const at::Tensor determinant = step(x, 1) * step(y, 0) - step(x, 0) * step(y, 1);
    const at::Tensor inside = at::avg_pool2d(field.cover - field.parts.amax(1, /*keepdim=*/true), {3, 3},
                                             {1, 1}, {1, 1})[0][0] > 0.999;
    const at::Tensor folded = at::logical_and(determinant < -1e-5, inside.slice(0, 1).slice(1, 1));
    // What lies behind the nose, and behind a cheek, ends at an edge.
    EXPECT_LT(folded.sum().item<double>(), 0.01 * inside.sum().item<double>());
  }
}

TEST(MeshField, ShowsAMouthThatTheSourceDoesNot) {
  const at::Tensor source = mean_face(), wanted = with_mouth_open(source, 0.12);
  const MeshField shut = mesh_field(batch(source), batch(source), 128);
  const MeshField open = mesh_field(batch(source), batch(wanted), 128);
  const auto unseen = [](const MeshField& field) {
    return (part(field, kMouth) * part(field, kUnseen)).sum().item<double>();
  };
  EXPECT_GT(unseen(open), 100);
  EXPECT_LT(unseen(shut), 0.2 * unseen(open));
  EXPECT_GT(part(open, kTeeth).sum().item<double>(), 20);
  EXPECT_LT(unseen(mesh_field(batch(wanted), batch(wanted), 128)), 0.3 * unseen(open));
}

TEST(MeshField, LidsHideTheEye) {
  const at::Tensor source = mean_face();
  const MeshField field = mesh_field(batch(source), batch(with_eyes(source, 0)), 128);
  EXPECT_EQ(part(field, kIrises).sum().item<double>(), 0);
}

TEST(MeshField, RefusesWhatIsNoMesh) {
  EXPECT_THROW(mesh_field(at::zeros({1, 468, 3}), batch(mean_face()), 32), Error);
  EXPECT_THROW(mesh_field(batch(mean_face()), mean_face(), 32), Error);
  EXPECT_THROW(mesh_field(mean_face().expand({2, 478, 3}), mean_face().expand({3, 478, 3}), 32), Error);
}

TEST(MeshKeyPoints, TurnAsTheirSurroundings) {
  KeyPoints source, driving;
  source.mesh = batch(mean_face()), driving.mesh = batch(turned(mean_face(), 0, 0, 25) * 0.8);
  source.value = driving.value = at::zeros({1, 3, 2});
  source.jacobian = driving.jacobian = at::eye(2).expand({1, 3, 2, 2});
  const auto [from, to] = with_mesh_key_points(source, driving);
  ASSERT_EQ(from.value.sizes(), (std::vector<int64_t>{1, kMeshKeyPoints + 3, 2}));
  const double angle = -25 * std::numbers::pi / 180;  // from the driving back to the source
  const at::Tensor expected =
      at::tensor({std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)}).view({2, 2}) / 0.8;
  for (int64_t k = 0; k < kMeshKeyPoints; ++k) {
    EXPECT_LT((from.jacobian[0][k] - expected).abs().max().item<double>(), 0.05) << k;
  }
}

TEST(MouthPrior, TakesItsColoursFromThePicture) {
  const at::Tensor mesh = batch(mean_face());
  const at::Tensor grey = at::full({1, 3, 64, 64}, 0.5);
  const at::Tensor colours = mouth_colours(grey, mesh);
  ASSERT_EQ(colours.sizes(), (std::vector<int64_t>{1, 3, 3}));
  EXPECT_LT((colours.amax(2) - colours.amin(2)).max().item<double>(), 1e-3);  // no colour comes from nowhere
  EXPECT_LT(colours[0][0][0].item<double>(), colours[0][1][0].item<double>());
  EXPECT_LT(colours[0][1][0].item<double>(), colours[0][2][0].item<double>());
  const MeshField field = mesh_field(mesh, batch(with_mouth_open(mean_face(), 0.12)), 64);
  const at::Tensor painted = with_mouth(grey, field, colours);
  EXPECT_TRUE(((painted - grey).abs().sum(1) > 0.05).any().item<bool>());
  EXPECT_TRUE(at::equal(painted.slice(2, 0, 20), grey.slice(2, 0, 20)));  // above the mouth nothing
}

}  // namespace
}  // namespace toonmirror::nets
