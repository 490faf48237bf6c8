#include "training/mesh_mirror.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/face_mesh.h"

namespace toonmirror::training {
namespace {

TEST(MirrorPartners, AreEachOthers) {
  const std::vector<int64_t> partners = mirror_partners(testing::synthetic_mesh());
  ASSERT_EQ(partners.size(), nets::kMeshPoints);
  for (size_t i = 0; i < partners.size(); ++i) {
    EXPECT_EQ(partners[static_cast<size_t>(partners[i])], static_cast<int64_t>(i));
  }
}

TEST(MirrorPartners, BringTheLeftEyeToTheRight) {
  const std::vector<int64_t> partners = mirror_partners(testing::synthetic_mesh());
  const auto of = [&](int64_t point) { return partners[static_cast<size_t>(point)]; };
  for (size_t k = 0; k < nets::kLidPoints; ++k) EXPECT_EQ(of(nets::kLeftLids[k]), nets::kRightLids[k]);
  for (int64_t k = 0; k < nets::kIrisPoints; ++k) EXPECT_EQ(of(nets::kLeftIris + k), nets::kRightIris + k);
  for (size_t k = 0; k < 10; ++k) EXPECT_EQ(of(nets::kBrows[k]), nets::kBrows[k + 10]);
  EXPECT_EQ(of(nets::kBelowNose), nets::kBelowNose);
}

TEST(MirrorPartners, AreNotGuessed) {
  at::Tensor mesh = testing::synthetic_mesh();
  mesh.slice(0, 0, 100).select(1, 0) += 0.2;
  EXPECT_THROW(mirror_partners(mesh), Error);
}

TEST(CanonicalMesh, IsTheMeanFaceInItsSquare) {
  const at::Tensor mesh = testing::synthetic_mesh();
  const at::Tensor meshes =
      at::stack({testing::mesh_in_picture(20, -10, 0.8), testing::mesh_in_picture(-3, 8, 1.3)});
  const at::Tensor canonical = canonical_mesh(meshes);
  const at::Tensor expected = mesh / (0.75 * 2 * 0.66);
  EXPECT_TRUE(at::allclose(canonical.slice(1, 0, 2), expected.slice(1, 0, 2), 1e-3, 1e-3));
  EXPECT_NEAR(canonical.select(1, 2).mean().item<double>(), 0, 1e-5);
}

TEST(CanonicalMesh, IsSymmetricalThoughFacesAreNot) {
  at::Tensor crooked = testing::mesh_in_picture();
  crooked[nets::kLeftMouthCorner][1] += 0.8;
  const at::Tensor canonical = canonical_mesh(crooked.unsqueeze(0));
  const std::vector<int64_t> partners = mirror_partners(canonical);
  const at::Tensor other = canonical.index_select(0, at::tensor(partners, at::kLong));
  EXPECT_TRUE(at::allclose(other.select(1, 0), -canonical.select(1, 0), 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(other.slice(1, 1), canonical.slice(1, 1), 1e-4, 1e-5));
}

}  // namespace
}  // namespace toonmirror::training
