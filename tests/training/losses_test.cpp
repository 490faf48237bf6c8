#include "training/losses.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "nets/house_encoder.h"
#include "support/nets_folder.h"

namespace toonmirror::training {
namespace {

using toonmirror::testing::nets_folder;

at::Tensor picture(int64_t seed) {
  torch::manual_seed(seed);
  const at::Tensor coarse = at::rand({2, 3, 16, 16}) * 2 - 1;
  return at::upsample_bilinear2d(coarse, {256, 256}, false).contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(RegionWeights, CountEyesMostAndAverageDown) {
  at::Tensor labels = at::zeros({1, 256, 256}, at::kLong);
  labels.slice(1, 0, 128).fill_(static_cast<int64_t>(nets::FaceClass::kIris));
  const at::Tensor weights = region_weights(labels, 64);
  EXPECT_EQ(weights.sizes(), (std::vector<int64_t>{1, 1, 64, 64}));
  EXPECT_FLOAT_EQ(weights[0][0][0][0].item<float>(), 6.0f);
  EXPECT_FLOAT_EQ(weights[0][0][63][0].item<float>(), 0.6f);
}

TEST(RegionWeights, AreReplacedByName) {
  const RegionWeights weights = with_region_weights(kPhotoRegionWeights, "brow=5,hair=2.5");
  EXPECT_EQ(weights[static_cast<size_t>(nets::FaceClass::kBrow)], 5.0f);
  EXPECT_EQ(weights[static_cast<size_t>(nets::FaceClass::kHair)], 2.5f);
  EXPECT_EQ(weights[static_cast<size_t>(nets::FaceClass::kSkin)],
            kPhotoRegionWeights[static_cast<size_t>(nets::FaceClass::kSkin)]);
  for (const char* wrong :
       {"nose=2", "brow", "brow=", "brow=x", "brow=-1", "brow=1e9", "brow=nan", "hair=2,,"}) {
    EXPECT_THROW(with_region_weights(kPhotoRegionWeights, wrong), Error) << wrong;
  }
}

TEST(RegionColours, AreThoseOfEachClass) {
  at::Tensor labels = at::zeros({2, 256, 256}, at::kLong), pictures = at::full({2, 3, 256, 256}, -0.5f);
  labels.slice(2, 0, 64).fill_(static_cast<int64_t>(nets::FaceClass::kHair));
  pictures.slice(3, 0, 64).fill_(0.25f);
  const RegionColours colours = region_colours(pictures, labels);
  const auto hair = static_cast<int64_t>(nets::FaceClass::kHair);
  EXPECT_NEAR(colours.mean[hair][1].item<float>(), 0.25, 1e-5);
  EXPECT_NEAR(colours.mean[0][2].item<float>(), -0.5, 1e-5);
  EXPECT_NEAR(colours.share[hair].item<float>(), 0.25, 1e-5);
  EXPECT_NEAR(colour_distance(colours, colours).item<float>(), 0, 1e-6);

  // Where things are does not matter, which colours they have does.
  const RegionColours mirrored = region_colours(pictures.flip({3}), labels.flip({2}));
  EXPECT_NEAR(colour_distance(colours, mirrored).item<float>(), 0, 1e-6);
  const RegionColours lighter = region_colours(pictures + 0.2, labels);
  EXPECT_NEAR(colour_distance(colours, lighter).item<float>(), 0.1, 1e-4);
}

TEST(RegionColours, LeadPicturesTowardsEachOther) {
  torch::manual_seed(3);
  const at::Tensor labels = at::randint(0, 3, {1, 4, 4}).repeat_interleave(64, 1).repeat_interleave(64, 2);
  const RegionColours wanted = region_colours(picture(1).narrow(0, 0, 1), labels);
  at::Tensor moved = picture(2).narrow(0, 0, 1).clone();
  const double before = colour_distance(region_colours(moved, labels), wanted).item<double>();
  for (int step = 0; step < 30; ++step) {
    moved = moved.detach().requires_grad_(true);
    colour_distance(region_colours(moved, labels), wanted).backward();
    const at::NoGradGuard no_grad;
    moved = moved - 0.5 * moved.grad() / moved.grad().abs().mean() * 0.02;
  }
  EXPECT_LT(colour_distance(region_colours(moved, labels), wanted).item<double>(), 0.5 * before);
}

TEST(WeightedL1, IsTheMeanDifferenceInUnitsOfTheWholeRange) {
  const at::Tensor a = at::full({1, 3, 4, 4}, -1.0f), b = at::full({1, 3, 4, 4}, 1.0f),
                   ones = at::ones({1, 1, 4, 4});
  EXPECT_FLOAT_EQ(weighted_l1(a, b, ones).item<float>(), 1.0f);
  EXPECT_FLOAT_EQ(weighted_l1(a, a, ones).item<float>(), 0.0f);
}

TEST(GradientL1, IgnoresAConstantOffset) {
  const at::Tensor a = picture(1), ones = at::ones({1, 1, 256, 256});
  EXPECT_NEAR(gradient_l1(a, a + 0.3, ones).item<float>(), 0.0f, 1e-6);
  EXPECT_GT(gradient_l1(a, a.flip({3}), ones).item<float>(), 1e-3);
}

TEST(LayerGraph, ReproducesItsCheckFiles) {
  const auto folder = nets_folder();
  if (folder.empty()) GTEST_SKIP() << "no networks for losses (set TOONMIRROR_NETS)";
  const at::NoGradGuard no_grad;
  const LayerGraph identity(folder, "mobilefacenet128", at::kFloat);
  const checkpoint::SafetensorsFile check(folder / "mobilefacenet128.check.safetensors");
  int compared = 0;
  for (const auto& [name, info] : check.tensors()) {
    if (info.shape.size() != 4 || info.shape[1] != 3 || info.shape[2] != 112) continue;
    const at::Tensor actual = identity.forward(check.tensor(name))[0];
    for (const auto& [other, other_info] : check.tensors()) {
      if (other_info.shape != actual.sizes().vec()) continue;
      EXPECT_LT((actual - check.tensor(other)).abs().max().item<double>(), 1e-3) << other;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(LayerGraph, NamesTheFileThatIsMissing) {
  EXPECT_THROW(LayerGraph("/nonexistent", "net", at::kFloat), Error);
}

TEST(PerceptualLoss, GrowsWithTheDifferenceAndHasAGradient) {
  const auto folder = nets_folder();
  if (folder.empty()) GTEST_SKIP() << "no networks for losses (set TOONMIRROR_NETS)";
  const PerceptualLoss loss(folder, at::kFloat);
  const at::Tensor a = picture(1).requires_grad_(), b = picture(1), c = picture(2);
  EXPECT_NEAR(loss(b, b).item<float>(), 0.0f, 1e-4);
  const double slight = loss(b + 0.05 * at::randn_like(b), b).item<double>();
  const at::Tensor other = loss(a, c);
  EXPECT_LT(slight, other.item<double>());
  other.backward();
  EXPECT_GT(a.grad().abs().sum().item<double>(), 0.0);
}

TEST(PerceptualLoss, CountsPlacesByTheirWeights) {
  const auto folder = nets_folder();
  if (folder.empty()) GTEST_SKIP() << "no networks for losses (set TOONMIRROR_NETS)";
  const at::NoGradGuard no_grad;
  const PerceptualLoss loss(folder, at::kFloat);
  const at::Tensor a = picture(1);
  at::Tensor b = a.clone();
  b.slice(3, 0, 128).copy_(picture(2).slice(3, 0, 128));  // another left half
  const at::Tensor even = at::full({2, 1, 256, 256}, 3.0f);
  at::Tensor left = at::full({2, 1, 256, 256}, 0.1f), right = left.clone();
  left.slice(3, 0, 128).fill_(2.0f);
  right.slice(3, 128, 256).fill_(2.0f);
  const double plain = loss(a, b).item<double>();
  EXPECT_NEAR(loss(a, b, even).item<double>(), plain, 1e-4);
  EXPECT_GT(loss(a, b, left).item<double>(), 1.2 * plain);
  EXPECT_LT(loss(a, b, right).item<double>(), 0.8 * plain);
}

TEST(IdentityNetwork, GivesUnitVectorsThatDoNotDependOnPlaceAndSize) {
  const auto folder = nets_folder();
  if (folder.empty()) GTEST_SKIP() << "no networks for losses (set TOONMIRROR_NETS)";
  const at::NoGradGuard no_grad;
  const IdentityNetwork network(folder);
  const at::Tensor face = picture(3);
  at::Tensor landmarks = at::full({2, 68, 2}, 128.0f);
  const auto place = [&landmarks](int64_t first, int64_t last, float x, float y) {
    landmarks.slice(1, first, last).select(2, 0).fill_(x);
    landmarks.slice(1, first, last).select(2, 1).fill_(y);
  };
  place(36, 42, 97, 115);
  place(42, 48, 159, 115);
  place(30, 31, 128, 150);
  place(48, 49, 103, 187);
  place(54, 55, 153, 187);
  const at::Tensor embedding = network.embed(face, landmarks);
  EXPECT_TRUE(at::allclose(embedding.norm(2, 1), at::ones({2}), 1e-4, 1e-4));
  // The same face 20 px further down and right.
  const at::Tensor moved = at::roll(face, {20, 20}, {2, 3});
  EXPECT_GT((network.embed(moved, landmarks + 20.0) * embedding).sum(1).min().item<double>(), 0.98);
}

TEST(KernelDistance, IsNothingBetweenSetsOfOneKindAndGrowsWithTheirDifference) {
  torch::manual_seed(3);
  const at::Tensor a = at::randn({200, 32}), b = at::randn({200, 32});
  EXPECT_NEAR(kernel_distance(a, b), 0, 0.02);
  const double near = kernel_distance(a, b + 0.5), far = kernel_distance(a, b + 1.0);
  EXPECT_GT(near, 0.05);
  EXPECT_GT(far, near);
}

TEST(LpipsLike, GrowsWithWhatIsSeen) {
  const auto folder = nets_folder();
  if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_NETS names no folder";
  const LpipsLike lpips(folder);
  const at::Tensor a = picture(1), b = picture(2);
  EXPECT_NEAR(lpips(a, a).max().item<double>(), 0, 1e-6);
  const double darker = lpips(a, a * 0.9).mean().item<double>(), other = lpips(a, b).mean().item<double>();
  EXPECT_GT(darker, 0);
  EXPECT_GT(other, 3 * darker);
  EXPECT_EQ(lpips.summary(a).sizes(), (std::vector<int64_t>{2, 512}));
}

}  // namespace
}  // namespace toonmirror::training
