#include "training/eigenfaces.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/error.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSize_px = 16, kCount = 32;

nets::Generator small_generator() {
  nets::GeneratorOptions options;
  options.resolution = 64;
  options.z_dim = options.w_dim = kCount;
  options.channels = {{4, 4}, {8, 4}, {16, 4}, {32, 4}, {64, 4}};
  options.latent_picture_px = kSize_px;
  return nets::Generator(options);
}

nets::HouseEncoder small_encoder() {
  nets::HouseEncoderOptions options;
  options.w_dim = kCount;
  options.latent_count = 10;
  options.channels = {2, 2, 2, 2, 2};
  options.projection_px = kSize_px;
  return nets::HouseEncoder(options);
}

// More directions are asked for than 11 photos and their mirror images have.
class EigenfacesTest : public ::testing::Test {
 protected:
  EigenfacesTest() {
    torch::manual_seed(3);
    testing::write_pair_pack(folder_ / "pairs.safetensors", 12, /*with_targets=*/false);
    pack_.emplace(folder_ / "pairs.safetensors");
    found_ = find_eigenfaces(*pack_, kSize_px, kCount);
  }
  at::Tensor photos() const { return pack_->batch(pack_->training_rows()).photo; }

  testing::TemporaryFolder folder_;
  std::optional<PairPack> pack_;
  Eigenfaces found_;
};

TEST_F(EigenfacesTest, AreOrthonormalAndTheLargestComeFirst) {
  const at::Tensor present = found_.directions.index({torch::indexing::Slice(), found_.deviation > 1e-4});
  ASSERT_GT(present.size(1), 5);
  ASSERT_LT(present.size(1), kCount);
  EXPECT_TRUE(at::allclose(at::matmul(present.t(), present), at::eye(present.size(1)), 1e-3, 1e-3));
  EXPECT_TRUE((found_.deviation.slice(0, 1) <= found_.deviation.slice(0, 0, -1) + 1e-6).all().item<bool>());
}

TEST_F(EigenfacesTest, MakeEveryPhotoTheyWereFoundIn) {
  const at::Tensor small = nets::small_picture(photos(), kSize_px).flatten(1);
  const at::Tensor coordinates = at::matmul((small - found_.mean) * found_.pixel_weight, found_.directions);
  const at::Tensor made = at::matmul(coordinates, found_.directions.t()) / found_.pixel_weight + found_.mean;
  EXPECT_TRUE(at::allclose(made, small, 1e-3, 1e-3));
}

TEST_F(EigenfacesTest, EncoderAndLatentPictureBeginAsEachOthersInverse) {
  const at::NoGradGuard no_grad;
  nets::HouseEncoder encoder = small_encoder();
  nets::Generator generator = small_generator();
  begin_at(found_, encoder, generator);
  const nets::HouseEncoding code = encoder->forward(photos(), /*parse=*/false);
  EXPECT_EQ(code.deltas.abs().max().item<double>(), 0.0);
  const at::Tensor expected = nets::small_picture(photos(), kSize_px).flatten(1) - found_.mean;
  EXPECT_GT(expected.abs().max().item<double>(), 0.1);
  EXPECT_TRUE(at::allclose(generator->synthesis->picture->linear->forward(code.w), expected, 1e-2, 1e-2));
}

TEST_F(EigenfacesTest, LatentsAreMostlyPositive) {
  const at::NoGradGuard no_grad;
  nets::HouseEncoder encoder = small_encoder();
  nets::Generator generator = small_generator();
  begin_at(found_, encoder, generator);
  const at::Tensor both = at::cat({photos(), photos().flip({3})});
  const at::Tensor w = encoder->forward(both, /*parse=*/false).w;
  // Directions that are hardly there are rounding errors.
  const at::Tensor present = found_.deviation > 1e-2;
  ASSERT_GT(present.sum().item<int64_t>(), 5);
  const at::Tensor deviations = (w.mean(0) / w.std(0, /*unbiased=*/false)).index({present});
  EXPECT_TRUE(at::allclose(deviations, at::full_like(deviations, kLatentOffset), 0.02, 0.02));
}

TEST_F(EigenfacesTest, RefuseAnEncoderOfAnotherSize) {
  nets::HouseEncoder encoder = small_encoder();
  nets::Generator generator = small_generator();
  Eigenfaces other = found_;
  other.size_px = 2 * kSize_px;
  EXPECT_THROW(begin_at(other, encoder, generator), Error);
}

}  // namespace
}  // namespace toonmirror::training
