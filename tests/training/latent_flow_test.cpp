#include "training/latent_flow.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"
#include "training/mapping_trainer.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kWidth = 32;  // of the latents below

// Points near a circle in a plane of [N, kWidth], faint noise beside it: nothing of it is Gaussian.
at::Tensor ring(int64_t count) {
  const at::Tensor angle = at::rand({count}) * (2.0 * M_PI);
  const at::Tensor plane = at::stack({angle.cos(), 0.6 * angle.sin()}, 1) + 0.03 * at::randn({count, 2});
  const at::Tensor latents = at::cat({plane, 0.01 * at::randn({count, kWidth - 2})}, 1);
  at::manual_seed(1);  // always turned alike
  return at::matmul(latents, std::get<0>(at::linalg_qr(at::randn({kWidth, kWidth})))) + 1.0;
}

LatentSet ring_set() {
  at::manual_seed(2);
  LatentSet set;
  set.held_out = ring(800);
  at::manual_seed(3);
  set.training = ring(3000);
  set.axes = find_axes(set.training, 0.95);
  return set;
}

RunOptions short_run(const std::filesystem::path& output, int64_t steps) {
  RunOptions run;
  run.output = output;
  run.steps = steps;
  run.workers = 1;
  run.batch_per_worker = 256;
  run.sheet_every = 100;
  run.adam.learning_rate = 0.01;
  run.adam.average_decay = 0.98;
  return run;
}

RunHooks silent() {
  RunHooks hooks;
  hooks.log = [](const std::string&) {};
  return hooks;
}

nets::Generator small_generator() {
  torch::manual_seed(4);
  nets::GeneratorOptions options;
  options.resolution = 8;
  options.z_dim = options.w_dim = kWidth;
  options.channels = {{4, 8}, {8, 8}};
  return nets::Generator(options);
}

class FlowOfARing : public ::testing::Test {
 protected:
  LatentFlow train() {
    FlowTrainingOptions options;
    options.run = short_run(folder_ / "flow", 400);
    options.width = 64;
    options.blocks = 2;
    options.dropout = 0;
    options.noise = 0.02;
    return train_flow(options, set_, silent());
  }
  nets::Generator distil(const LatentFlow& flow, RunOptions run) {
    MappingTrainingOptions options;
    options.run = std::move(run);
    options.layers = 4;
    options.pairs = 5000;
    return distil_flow(options, flow, set_, generator_, silent(),
                       [this](const std::filesystem::path&, const at::Tensor& sheet) { sheet_ = sheet; });
  }

  testing::TemporaryFolder folder_;
  LatentSet set_ = ring_set();
  nets::Generator generator_ = small_generator();
  at::Tensor sheet_;
};

TEST(LatentAxes, WhitenAndGoBack) {
  at::manual_seed(5);
  const at::Tensor latents = at::matmul(at::randn({500, 6}), at::randn({6, 6})) + 3.0;
  const LatentAxes axes = find_axes(latents);
  const at::Tensor coordinates = axes.whiten(latents);
  EXPECT_TRUE(at::allclose(coordinates.mean(0), at::zeros({6}), 0, 1e-3));
  EXPECT_TRUE(at::allclose(at::matmul(coordinates.t(), coordinates) / 500.0, at::eye(6), 0, 1e-2));
  EXPECT_TRUE(at::allclose(axes.unwhiten(coordinates), latents, 1e-3, 1e-3));
  EXPECT_TRUE((axes.spread.slice(0, 0, 5) >= axes.spread.slice(0, 1)).all().item<bool>());
}

TEST(LatentAxes, LeadWhereTheVarianceIs) {
  at::manual_seed(6);
  const LatentAxes axes = find_axes(at::randn({2000, 4}) * at::tensor({0.01, 3.0, 0.0, 2.0}), 0.99);
  EXPECT_EQ(axes.leading, 2);
  EXPECT_GT(axes.spread.min().item<float>(), 0.0F);  // also along the one in which nothing differs
}

TEST(EnergyDistance, TellsDistributionsApart) {
  at::manual_seed(7);
  const at::Tensor a = at::randn({1500, 3});
  EXPECT_NEAR(energy_distance(a, at::randn({1500, 3})), 0.0, 0.01);
  EXPECT_GT(energy_distance(a, at::randn({1500, 3}) + 1.0), 0.3);
}

TEST_F(FlowOfARing, ComesNearerThanAGaussianOfTheSameMoments) {
  const LatentFlow flow = train();
  at::manual_seed(8);
  const at::Tensor normal = at::randn({800, kWidth});
  const double gaussian = energy_distance(set_.axes.unwhiten(normal), set_.held_out);
  EXPECT_LT(energy_distance(flow.latents(normal), set_.held_out), 0.3 * gaussian);
  // A finished run is read, not repeated.
  EXPECT_TRUE(at::equal(train().latents(normal), flow.latents(normal)));
}

TEST_F(FlowOfARing, IsTheGaussianBeforeItIsTrained) {
  const FlowNetwork network(FlowNetworkOptions{set_.axes.leading, 16, 1});
  const at::Tensor normal = at::randn({50, kWidth});
  EXPECT_TRUE(
      at::allclose(LatentFlow(set_.axes, network).latents(normal), set_.axes.unwhiten(normal), 1e-4, 1e-4));
  const LatentFlow flow(set_.axes, network, /*rest=*/0.5);
  const int64_t others = kWidth - set_.axes.leading;
  EXPECT_TRUE(at::equal(flow.coordinates(normal).narrow(1, set_.axes.leading, others),
                        0.5 * normal.narrow(1, set_.axes.leading, others)));
  EXPECT_THROW(flow.latents(at::randn({5, 1})), Error);
  RunOptions run = short_run(folder_ / "mapping", 1);
  run.adam.learning_rate = 1e-9;
  const nets::Generator begun = distil(flow, run);  // and so does the mapping begin
  EXPECT_LT(unexplained(flow, begun->mapping, kWidth).weighted, 1e-4);
}

TEST_F(FlowOfARing, IsWhatTheMappingLearns) {
  const LatentFlow flow = train();
  fit_mapping(set_.training, generator_);
  const nets::Generator result = distil(flow, short_run(folder_ / "mapping", 700));
  EXPECT_EQ(result->options().mapping_layers, 4);
  EXPECT_TRUE(at::allclose(result->mapping->w_avg, set_.training.mean(0), 1e-3, 1e-3));
  EXPECT_LT(unexplained(flow, result->mapping, kWidth).of_w, 0.1);
  const auto figures = compare_samples(set_, flow, result->mapping, generator_->mapping, kWidth);
  ASSERT_EQ(figures.size(), 5U);
  EXPECT_LT(figures[3].energy, 0.5 * figures[4].energy);  // than the closed form
  EXPECT_LT(figures[3].energy, 0.5 * figures[1].energy);  // than the Gaussian
  EXPECT_EQ(sheet_.sizes(), (std::vector<int64_t>{3, 4 * 8, 8 * 8}));
  // What the generator draws of given latents stays.
  const at::Tensor ws = at::randn({2, generator_->options().latent_count(), kWidth});
  const at::NoGradGuard no_grad;
  nets::Generator drawing = result;
  EXPECT_TRUE(at::equal(drawing->synthesize(ws), generator_->synthesize(ws)));
}

TEST_F(FlowOfARing, RefusesAnOddNumberOfLayers) {
  MappingTrainingOptions options;
  options.layers = 3;
  const LatentFlow flow(set_.axes, FlowNetwork(FlowNetworkOptions{set_.axes.leading, 16, 1}));
  EXPECT_THROW(distil_flow(options, flow, set_, generator_, silent(), {}), Error);
}

class SaveChildAgain : public ::testing::Test {
 protected:
  SaveChildAgain() {
    const at::NoGradGuard no_grad;
    std::filesystem::create_directories(folder_ / "old");
    std::filesystem::create_directories(folder_ / "new");
    nets::save_network(folder_ / "old/face.safetensors", small_generator(), "house", {});
    nets::GeneratorOptions options = before()->options();
    options.mapping_layers = 4;
    const nets::Generator other(options);
    nets::save_network(folder_ / "new/face.safetensors", with_mapping_of(other, before()), "house", {});
  }
  nets::Generator before() { return load("old/face.safetensors"); }
  nets::Generator load(const char* name) {
    return nets::load_generator(checkpoint::CheckpointFile(folder_ / name));
  }
  // A child that draws otherwise, in the old folder; through `change` its mapping may be another too.
  void save_child(const std::function<void(nets::Generator&)>& change) {
    const at::NoGradGuard no_grad;
    nets::Generator child = before();
    child->synthesis->block(8).conv1->weight.add_(1.0);
    change(child);
    nets::save_child(folder_ / "old/child.safetensors", child,
                     checkpoint::CheckpointFile(folder_ / "old/face.safetensors"), {{"name", "sketch"}});
  }
  void save_again(const char* name) {
    save_child_again(checkpoint::CheckpointFile(folder_ / name), before(),
                     checkpoint::CheckpointFile(folder_ / "new/face.safetensors"),
                     folder_ / "new/child.safetensors");
  }
  static bool same_mapping(const nets::Generator& a, const nets::Generator& b) {
    return a->options().mapping_layers == b->options().mapping_layers &&
           at::equal(a->mapping->w_avg, b->mapping->w_avg) &&
           at::equal(a->mapping->named_parameters()["fc0.weight"],
                     b->mapping->named_parameters()["fc0.weight"]);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(SaveChildAgain, KeepsWhatItDrawsAndTakesTheNewMapping) {
  save_child([](nets::Generator&) {});
  save_again("old/child.safetensors");
  nets::Generator old_child = load("old/child.safetensors"), child = load("new/child.safetensors");
  const at::NoGradGuard no_grad;
  const at::Tensor ws = at::randn({2, child->options().latent_count(), kWidth});
  EXPECT_TRUE(at::equal(child->synthesize(ws), old_child->synthesize(ws)));
  EXPECT_TRUE(same_mapping(child, load("new/face.safetensors")));
  const checkpoint::CheckpointFile file(folder_ / "new/child.safetensors");
  EXPECT_EQ(file.metadata().at("name"), "sketch");
  EXPECT_EQ(nets::family_of(file), "house");
  EXPECT_EQ(file.tensors().size(), 1U);  // what it does not share
}

TEST_F(SaveChildAgain, LeavesAMappingOfItsOwn) {
  save_child([](nets::Generator& child) { child->mapping->w_avg.add_(1.0); });
  save_again("old/child.safetensors");
  EXPECT_TRUE(same_mapping(load("new/child.safetensors"), load("old/child.safetensors")));
}

TEST_F(SaveChildAgain, TakesChildrenThatAreCompleteInThemselves) {
  nets::save_network(folder_ / "old/whole.safetensors", before(), "house", {});
  save_again("old/whole.safetensors");
  EXPECT_FALSE(checkpoint::CheckpointFile(folder_ / "new/child.safetensors").metadata().contains(kParentKey));
  EXPECT_TRUE(same_mapping(load("new/child.safetensors"), load("new/face.safetensors")));
}

TEST_F(SaveChildAgain, RefusesAnotherFamily) {
  nets::save_network(folder_ / "old/other.safetensors", before(), "another", {});
  EXPECT_THROW(save_again("old/other.safetensors"), Error);
}

TEST(EncodeVaried, GivesEveryPhotoAsItIsAndOthersVaried) {
  const testing::TemporaryFolder folder;
  testing::write_pair_pack(folder / "pairs.safetensors", 4, /*with_targets=*/false);
  const PairPack pack(folder / "pairs.safetensors");
  nets::HouseEncoder encoder = nets::load_house_encoder(checkpoint::CheckpointFile(
      std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models/encoder.safetensors"));
  EncodingOptions options;
  options.precision = "fp32";
  options.variants = 2;
  const LatentSet set = encode_varied(pack, encoder, options, [](const std::string&) {});
  EXPECT_EQ(set.training.sizes(), (std::vector<int64_t>{6, 512}));
  EXPECT_EQ(set.held_out.sizes(), (std::vector<int64_t>{1, 512}));
  EXPECT_TRUE(
      at::allclose(set.training.narrow(0, 0, 3), encode_all(pack, encoder, at::kFloat).w, 1e-3, 1e-3));
  save_latents(folder / "latents.safetensors", set, {{"pairs", "pack"}});
  const LatentSet read = load_latents(checkpoint::SafetensorsFile(folder / "latents.safetensors"));
  EXPECT_TRUE(at::equal(read.training, set.training));
  EXPECT_TRUE(at::equal(read.axes.vectors, set.axes.vectors));
  EXPECT_EQ(read.axes.leading, set.axes.leading);
  EXPECT_THROW(load_latents(checkpoint::SafetensorsFile(folder / "pairs.safetensors")), Error);
}

}  // namespace
}  // namespace toonmirror::training
