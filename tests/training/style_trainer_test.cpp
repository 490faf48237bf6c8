#include "training/style_trainer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/model_file.h"
#include "support/pair_pack.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

class TrainStyle : public ::testing::Test {
 protected:
  TrainStyle() {
    testing::write_pair_pack(folder_ / "pairs.safetensors", 4, /*with_targets=*/true);
    testing::write_pair_pack(folder_ / "pictures.safetensors", 5, /*with_targets=*/false);
    const std::filesystem::path models = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models";
    options_.generator = models / "face.safetensors";
    options_.encoder = models / "encoder.safetensors";
    options_.pairs = folder_ / "pairs.safetensors";
    options_.run.output = folder_ / "out";
    options_.run.workers = 1;
    options_.run.batch_per_worker = 1;
    options_.run.steps = 2;
    options_.run.log_every = 1;
    options_.weights.adversarial_from = 0;
  }

  nets::Generator train() {
    RunHooks hooks;
    hooks.log = [this](const std::string& line) { lines_.push_back(line); };
    return train_style(options_, hooks,
                       [this](const std::filesystem::path&, const at::Tensor& picture) { sheet_ = picture; });
  }

  testing::TemporaryFolder folder_;
  StyleTrainingOptions options_;
  std::vector<std::string> lines_;
  at::Tensor sheet_;
};

// Shares its latents with the parent: the mapping network is the parent's, the drawing is not.
void expect_child_of(const nets::Generator& child, const std::filesystem::path& parent_file) {
  const checkpoint::NamedTensors parent =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(parent_file)));
  for (const auto& [name, tensor] : nets::named_tensors(*child)) {
    if (name.starts_with("mapping.")) {
      EXPECT_TRUE(at::equal(tensor, parent.at(name))) << name;
    } else if (name.ends_with("conv1.weight")) {
      EXPECT_FALSE(at::equal(tensor, parent.at(name))) << name;
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    }
  }
}

TEST_F(TrainStyle, LearnsFromPairs) {
  expect_child_of(train(), options_.generator);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_NE(lines_[0].find("l1"), std::string::npos);
  EXPECT_EQ(sheet_.size(1), 5 * 256);
}

TEST_F(TrainStyle, LearnsFromPicturesWithoutPairs) {
  options_.pictures = folder_ / "pictures.safetensors";
  expect_child_of(train(), options_.generator);
  ASSERT_EQ(lines_.size(), 2U);
  for (const char* figure : {"colours", "critic", "unconvinced"}) {
    EXPECT_NE(lines_[1].find(figure), std::string::npos) << figure;
  }
  EXPECT_EQ(sheet_.size(1), 5 * 256);
}

TEST_F(TrainStyle, CarriesOverWhatAnEarlierChildHadLearned) {
  options_.earlier_child = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models/toon.safetensors";
  options_.earlier_generator = options_.generator;
  options_.earlier_encoder = options_.encoder;  // the same latents: nothing to translate
  options_.run.steps = 1;
  options_.run.adam.learning_rate = 1e-9;
  const checkpoint::NamedTensors child = nets::named_tensors(*train());
  const checkpoint::NamedTensors earlier =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(options_.earlier_child)));
  // The same parent as then: nothing but the earlier child comes out.
  for (const auto& [name, tensor] : earlier) {
    if (!name.starts_with("synthesis.")) continue;
    EXPECT_TRUE(at::allclose(child.at(name), tensor, 1e-3, 1e-4)) << name;
  }
  options_.earlier_child = folder_ / "none.safetensors";
  EXPECT_THROW(train(), Error);
}

TEST_F(TrainStyle, LeavesTheParentsLayersAlone) {
  options_.parent_layers_px = 8;
  const checkpoint::NamedTensors parent =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(options_.generator)));
  bool changed = false;
  for (const auto& [name, tensor] : nets::named_tensors(*train())) {
    const bool low = name.starts_with("synthesis.b4.") || name.starts_with("synthesis.b8.");
    if (low || name.starts_with("mapping.")) {
      EXPECT_TRUE(at::equal(tensor, parent.at(name))) << name;
    } else {
      changed = changed || !at::equal(tensor, parent.at(name));
    }
  }
  EXPECT_TRUE(changed);
  options_.parent_layers_px = 256;
  EXPECT_THROW(train(), Error);
}

TEST_F(TrainStyle, ADeafChildIgnoresFinerFeatures) {
  options_.finest_features_px = 32;
  nets::Generator child = train();
  const at::NoGradGuard no_grad;
  const at::Tensor ws = at::randn({1, 14, 512});
  nets::LikenessFeatures fine = {{32, at::randn({1, 64, 32, 32})}, {64, at::randn({1, 32, 64, 64})}};
  const nets::LikenessFeatures coarse = {{32, fine.at(32)}};
  EXPECT_TRUE(at::allclose(child->synthesize(ws, fine), child->synthesize(ws, coarse), 1e-4, 1e-4));
}

TEST_F(TrainStyle, BeginsWithAChildOfTheSameParentThatHasOtherLayersOfItsOwn) {
  options_.start = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models/toon.safetensors";
  options_.parent_layers_px = 32;  // the shipped child has layers of its own from there on
  options_.run.steps = 1;
  options_.run.adam.learning_rate = 1e-9;
  const checkpoint::NamedTensors child = nets::named_tensors(*train());
  const checkpoint::NamedTensors begun =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(options_.start)));
  const checkpoint::NamedTensors parent =
      nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(options_.generator)));
  EXPECT_TRUE(at::equal(child.at("synthesis.b32.conv1.weight"), parent.at("synthesis.b32.conv1.weight")));
  EXPECT_FALSE(at::equal(begun.at("synthesis.b32.conv1.weight"), parent.at("synthesis.b32.conv1.weight")));
  EXPECT_TRUE(at::allclose(child.at("synthesis.b64.conv1.weight"), begun.at("synthesis.b64.conv1.weight"),
                           1e-3, 1e-4));
}

TEST_F(TrainStyle, LearnsItsLookBeforeItDoesWithoutFeatures) {
  options_.dropout.all_features = 0.45;
  options_.first_w_only = 0.05;
  options_.w_only_rise = 0.5;
  EXPECT_DOUBLE_EQ(dropout_at(options_, 0).all_features, 0.05);
  EXPECT_DOUBLE_EQ(dropout_at(options_, 0.25).all_features, 0.25);
  EXPECT_DOUBLE_EQ(dropout_at(options_, 0.9).all_features, 0.45);
  options_.dropout.all_features = 0.01;  // less than what it would begin with
  EXPECT_DOUBLE_EQ(dropout_at(options_, 0).all_features, 0.01);
}

// With networks of a few channels.
class TrainLargeStyle : public TrainStyle {
 protected:
  TrainLargeStyle() {
    options_.generator = folder_ / "large.safetensors";
    options_.encoder = folder_ / "encoder.safetensors";
    nets::GeneratorOptions large;
    large.resolution = 512;
    large.w_dim = large.z_dim = 16;
    for (int64_t r = 4; r <= 512; r *= 2) large.channels[r] = 4;
    large.likeness_channels = {{32, 4}};
    nets::HouseEncoderOptions encoder;
    encoder.w_dim = 16;
    encoder.latent_count = large.latent_count();
    encoder.channels = {4, 4, 4, 4, 4};
    encoder.likeness_channels = large.likeness_channels;
    torch::manual_seed(6);
    nets::save_network(options_.generator, nets::Generator(large), "tiny", {});
    nets::save_network(options_.encoder, nets::HouseEncoder(encoder), "tiny", {});
    testing::write_pair_pack(folder_ / "large-pairs.safetensors", 3, /*with_targets=*/true, 512);
    options_.pairs = folder_ / "large-pairs.safetensors";
    options_.run.adam.warmup_steps = 1;
  }

  // Whether training changes the layers of that resolution.
  bool learns(int64_t resolution) {
    const std::string name = "synthesis.b" + std::to_string(resolution) + ".conv1.weight";
    const at::Tensor before =
        nets::named_tensors(*nets::load_generator(checkpoint::CheckpointFile(options_.generator))).at(name);
    return !at::equal(nets::named_tensors(*train()).at(name), before);
  }
};

TEST_F(TrainLargeStyle, LearnsHalfTheSizeFirst) {
  options_.half_size_share = 1;
  EXPECT_FALSE(learns(512));
  EXPECT_EQ(sheet_.size(1), 5 * 256);
  options_.run.output = folder_ / "whole";
  options_.half_size_share = 0;
  EXPECT_TRUE(learns(512));
  EXPECT_EQ(sheet_.size(1), 5 * 512);
}

TEST_F(TrainLargeStyle, IsJudgedByCriticsFromItsFirstStep) {
  options_.run.steps = 3;
  options_.run.batch_per_worker = 2;
  EXPECT_TRUE(learns(512));
  EXPECT_NE(lines_.back().find("unconvinced"), std::string::npos);
  EXPECT_NE(lines_.back().find("critic"), std::string::npos);
}

TEST_F(TrainLargeStyle, RefusesPicturesThatAreTooSmall) {
  options_.pairs = folder_ / "pairs.safetensors";
  EXPECT_THROW(train(), Error);
  options_.half_size_share = 1;
  EXPECT_TRUE(learns(256));
}

TEST_F(TrainLargeStyle, BeginsWithNoChildOfAnotherFamily) {
  options_.start = std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "models/toon.safetensors";
  EXPECT_THROW(train(), Error);
}

TEST_F(TrainStyle, RefusesPacksThatAreNone) {
  options_.pictures = options_.generator;
  EXPECT_THROW(train(), Error);
}

}  // namespace
}  // namespace toonmirror::training
