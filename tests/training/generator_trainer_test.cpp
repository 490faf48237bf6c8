#include "training/generator_trainer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "training/mapping_trainer.h"

namespace toonmirror::training {
namespace {

TEST(HouseArchitecture, FitsTogether) {
  const nets::GeneratorOptions generator = house_generator_options();
  generator.check();
  const nets::HouseEncoderOptions encoder = house_encoder_options(generator);
  EXPECT_EQ(encoder.latent_count, generator.latent_count());
  EXPECT_EQ(encoder.likeness_channels, generator.likeness_channels);
}

TEST(TrainingType, KnowsItsNames) {
  EXPECT_EQ(training_type("fp32"), at::kFloat);
  EXPECT_EQ(training_type("bf16"), at::kBFloat16);
  EXPECT_THROW(training_type("int3"), Error);
}

TEST(TileRows, PutsPicturesSideBySide) {
  const at::Tensor sheet = tile_rows({at::zeros({2, 3, 4, 5}), at::ones({2, 3, 4, 5})});
  EXPECT_EQ(sheet.sizes(), (std::vector<int64_t>{3, 8, 10}));
  EXPECT_EQ(sheet.slice(1, 4, 8).min().item<float>(), 1.0f);
}

class ThinOut : public ::testing::Test {
 protected:
  nets::HouseEncoding code(int64_t count) {
    nets::HouseEncoding result;
    result.w = at::ones({count, 4});
    result.deltas = at::ones({count, 14, 4});
    result.features = {{32, at::ones({count, 2, 32, 32})}, {64, at::ones({count, 2, 64, 64})}};
    return result;
  }
  std::mt19937_64 random_{9};
};

TEST_F(ThinOut, DropsTheSharesItIsTold) {
  constexpr int64_t kCount = 4000;
  const LatentDropout dropout = {.all_features = 0.6, .deltas = 0.5, .fine_features = 0.25};
  const ThinnedLatents thinned = thin_out(code(kCount), dropout, random_);
  const at::Tensor deltas_kept = (thinned.ws.select(1, 0).select(1, 0) > 1.5).to(at::kDouble);
  const at::Tensor coarse = (thinned.features.at(32).select(1, 0).mean({1, 2}) > 0).to(at::kDouble);
  const at::Tensor fine = (thinned.features.at(64).select(1, 0).mean({1, 2}) > 0).to(at::kDouble);
  EXPECT_NEAR(coarse.mean().item<double>(), 0.4, 0.03);
  EXPECT_NEAR(fine.mean().item<double>(), 0.4 * 0.75, 0.03);
  EXPECT_NEAR(deltas_kept.mean().item<double>(), 1.0 - 0.6 * 0.5, 0.03);
  EXPECT_EQ(((fine > 0).logical_and(coarse == 0)).sum().item<int64_t>(), 0);  // never fine without coarse
}

TEST_F(ThinOut, KeepsAllWhenToldSo) {
  const ThinnedLatents thinned =
      thin_out(code(50), {.all_features = 0, .deltas = 0, .fine_features = 0}, random_);
  EXPECT_EQ(thinned.ws.min().item<float>(), 2.0f);
  EXPECT_GT(thinned.features.at(64).min().item<float>(), 0.0f);
}

TEST(MappingTraining, BringsSeedsOntoTheLatents) {
  torch::manual_seed(8);
  nets::GeneratorOptions options;
  options.resolution = 8;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 4}, {8, 4}};
  nets::Generator generator(options);
  // A skewed cloud away from the origin.
  const at::Tensor latents = at::matmul(at::randn({2000, 8}), at::randn({8, 8})) * 0.5 + 0.5;
  MappingTrainingOptions training;
  training.batch = 256;
  training.steps = 1;
  const double before = train_mapping(training, latents, generator);
  training.steps = 600;
  training.learning_rate = 0.5;

  const double after = train_mapping(training, latents, generator);
  EXPECT_LT(after, 0.2 * before);
  EXPECT_TRUE(at::allclose(generator->mapping->w_avg, latents.mean(0), 1e-4, 1e-4));
}

}  // namespace
}  // namespace toonmirror::training
