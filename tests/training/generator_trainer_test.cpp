#include "training/generator_trainer.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"
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

class TrainGenerator : public ::testing::Test {
 protected:
  TrainGenerator() {
    testing::write_pair_pack(folder_ / "pairs.safetensors", 4, /*with_targets=*/false);
    options_.pairs = folder_ / "pairs.safetensors";
    options_.run.output = folder_ / "out";
    options_.run.workers = 1;
    options_.run.batch_per_worker = 2;
    options_.run.steps = 1;
    options_.run.adam.learning_rate = 1e-6;
    options_.quarter_size_share = 1;
  }
  HouseModel train() {
    RunHooks hooks;
    hooks.log = [](const std::string&) {};
    return train_generator(options_, hooks, [](const std::filesystem::path&, const at::Tensor&) {});
  }

  testing::TemporaryFolder folder_;
  GeneratorTrainingOptions options_;
};

TEST_F(TrainGenerator, BeginsWithAnEarlierModel) {
  options_.start = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models";
  const checkpoint::NamedTensors before = nets::named_tensors(
      *nets::load_generator(checkpoint::CheckpointFile(options_.start / "face.safetensors")));
  const checkpoint::NamedTensors after = nets::named_tensors(*train().generator);
  for (const auto& [name, tensor] : before) {
    EXPECT_LT((tensor - after.at(name)).abs().max().item<double>(), 1e-4) << name;
  }
}

TEST_F(TrainGenerator, KeepsTheStagesItIsTold) {
  options_.start = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models";
  options_.keep_stages = true;
  options_.run.steps = 2;
  options_.run.adam.learning_rate = 1e-2;
  const checkpoint::NamedTensors before = nets::named_tensors(
      *nets::load_house_encoder(checkpoint::CheckpointFile(options_.start / "encoder.safetensors")));
  const std::regex learning("(summary|latent|delta_in|delta_out|projection)[.].*");
  bool learned = false;
  for (const auto& [name, tensor] : nets::named_tensors(*train().encoder)) {
    if (std::regex_match(name, learning)) {
      learned = learned || !before.contains(name) || !at::equal(tensor, before.at(name));
    } else if (before.contains(name)) {
      EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
    }
  }
  EXPECT_TRUE(learned);
}

TEST_F(TrainGenerator, RefusesToBeginWithAnotherArchitecture) {
  nets::GeneratorOptions small = house_generator_options();
  small.channels[256] = 16;
  nets::save_network(folder_ / "face.safetensors", nets::Generator(small), "house-256", {});
  options_.start = folder_.path();
  EXPECT_THROW(train(), Error);
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

TEST(FitMapping, GivesSeedsTheDistributionOfTheLatents) {
  torch::manual_seed(8);
  const at::NoGradGuard no_grad;
  nets::GeneratorOptions options;
  options.resolution = 8;
  options.z_dim = options.w_dim = 64;
  options.channels = {{4, 4}, {8, 4}};
  nets::Generator generator(options);
  // Away from the origin, with as many axes as a mapping of this width can hold.
  const auto activate = [](const at::Tensor& x) { return at::leaky_relu(x, 0.2) * nets::kSqrt2; };
  const at::Tensor latents =
      activate(at::matmul(at::randn({4000, 32}), at::randn({32, 64}) * 0.2) + at::randn({64}));
  EXPECT_NEAR(fit_mapping(latents, generator), 1.0, 1e-3);
  EXPECT_TRUE(at::allclose(generator->mapping->w_avg, latents.mean(0), 1e-4, 1e-4));
  const at::Tensor samples = generator->mapping->forward(at::randn({4000, 64}));
  EXPECT_LT((samples.mean(0) - latents.mean(0)).abs().max().item<double>(), 0.15);
  const auto covariance = [](const at::Tensor& x) {
    const at::Tensor centred = x - x.mean(0);
    return at::matmul(centred.t(), centred) / static_cast<double>(x.size(0));
  };
  const at::Tensor expected = covariance(latents);
  EXPECT_LT((covariance(samples) - expected).norm().item<double>(), 0.15 * expected.norm().item<double>());
}

TEST(FitMapping, HoldsWhatItsWidthAllows) {
  torch::manual_seed(9);
  nets::GeneratorOptions options;
  options.resolution = 8;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 4}, {8, 4}};
  nets::Generator generator(options);
  const double share = fit_mapping(at::rand({500, 8}) + 1.0, generator);  // all eight axes alike
  EXPECT_NEAR(share, 0.5, 0.1);
  options.mapping_layers = 3;
  nets::Generator deeper(options);
  EXPECT_THROW(fit_mapping(at::rand({500, 8}), deeper), Error);
}

}  // namespace
}  // namespace toonmirror::training
