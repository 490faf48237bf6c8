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
    hooks.log = [this](const std::string& line) { log_ += line; };
    return train_generator(options_, hooks, [this](const std::filesystem::path&, const at::Tensor& picture) {
      sheet_ = picture;
    });
  }
  // The shipped models learn at 128 px what critics say of W+ alone and of seeds.
  void let_critics_play() {
    options_.start = models();
    options_.keep_encoder = true;
    options_.quarter_size_share = 0;
    options_.half_size_share = 1;
    options_.dropout.all_features = 1;
    options_.w_only.l1_px = 32;
    options_.weights.adversarial_from = 0;
    options_.seeds.share = 0.5;
    options_.run.steps = 2;
    options_.run.adam.learning_rate = 1e-2;
  }
  static std::filesystem::path models() { return std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models"; }

  testing::TemporaryFolder folder_;
  GeneratorTrainingOptions options_;
  std::string log_;
  at::Tensor sheet_;
};

checkpoint::NamedTensors encoder_of(const std::filesystem::path& folder) {
  return nets::named_tensors(
      *nets::load_house_encoder(checkpoint::CheckpointFile(folder / "encoder.safetensors")));
}

checkpoint::NamedTensors generator_of(const std::filesystem::path& folder) {
  return nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(folder / "face.safetensors")));
}

TEST_F(TrainGenerator, BeginsWithAnEarlierModel) {
  options_.start = models();
  const checkpoint::NamedTensors before = generator_of(options_.start);
  const checkpoint::NamedTensors after = nets::named_tensors(*train().generator);
  for (const auto& [name, tensor] : before) {
    EXPECT_LT((tensor - after.at(name)).abs().max().item<double>(), 1e-4) << name;
  }
}

TEST_F(TrainGenerator, KeepsTheStagesItIsTold) {
  options_.start = models();
  options_.keep_stages = true;
  options_.run.steps = 2;
  options_.run.adam.learning_rate = 1e-2;
  const checkpoint::NamedTensors before = encoder_of(options_.start);
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

TEST_F(TrainGenerator, KeepsTheWholeEncoderWhenToldSo) {
  options_.start = models();
  options_.keep_encoder = true;
  options_.run.adam.learning_rate = 1e-2;
  HouseModel model = train();
  const checkpoint::NamedTensors before = encoder_of(options_.start);
  for (const auto& [name, tensor] : nets::named_tensors(*model.encoder)) {
    EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
  }
  EXPECT_FALSE(at::equal(nets::named_tensors(*model.generator).at("synthesis.b64.conv1.weight"),
                         generator_of(options_.start).at("synthesis.b64.conv1.weight")));
  EXPECT_NE(log_.find("l1"), std::string::npos);
  for (const char* figure : {"jump", "delta", "parsing"}) {
    EXPECT_EQ(log_.find(figure), std::string::npos) << figure;
  }
  EXPECT_EQ(sheet_.size(1), 4 * 64);
}

TEST_F(TrainGenerator, SeedsTeachTheGeneratorAndLeaveTheMappingAlone) {
  let_critics_play();
  const checkpoint::NamedTensors before = generator_of(options_.start);
  for (const auto& [name, tensor] : nets::named_tensors(*train().generator)) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    if (name.starts_with("mapping.")) {
      EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
    } else if (name == "synthesis.b128.conv1.weight") {
      EXPECT_FALSE(at::equal(tensor, before.at(name)));
    }
  }
  for (const char* figure : {"w-only l1", "critic", "unconvinced", "unconvinced by seeds"}) {
    EXPECT_NE(log_.find(figure), std::string::npos) << figure;
  }
  EXPECT_EQ(sheet_.size(1), 6 * 128);
}

TEST_F(TrainGenerator, TheMappingLearnsFromSeedsWhenToldSo) {
  let_critics_play();
  options_.seeds.learn_mapping = true;
  options_.seeds.memory = 2;  // one batch
  const checkpoint::NamedTensors before = generator_of(options_.start);
  const checkpoint::NamedTensors after = nets::named_tensors(*train().generator);
  for (const char* name : {"mapping.fc0.weight", "mapping.fc1.bias", "mapping.w_avg"}) {
    EXPECT_FALSE(at::equal(after.at(name), before.at(name))) << name;
  }
  EXPECT_NE(log_.find("seeds' covariance"), std::string::npos);
}

TEST_F(TrainGenerator, CriticsMayLookThroughTheEncodersStages) {
  let_critics_play();
  options_.face_critics = true;
  options_.seeds.share = 0;
  options_.run.steps = 1;
  train();
  EXPECT_NE(log_.find("critic"), std::string::npos);
  EXPECT_EQ(sheet_.size(1), 4 * 128);
}

TEST_F(TrainGenerator, RefusesWhatNeedsMoreThanIsThere) {
  options_.keep_encoder = true;
  EXPECT_THROW(train(), Error);
  options_.start = models();
  EXPECT_NO_THROW(options_.check());
  options_.seeds.learn_mapping = true;
  EXPECT_THROW(options_.check(), Error);
  options_.seeds.share = 0.5;
  EXPECT_NO_THROW(options_.check());
  options_.weights.adversarial = 0;
  EXPECT_THROW(options_.check(), Error);
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
