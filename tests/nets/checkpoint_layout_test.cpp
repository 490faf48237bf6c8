#include "nets/checkpoint_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/safetensors.h"
#include "nets/find_networks.h"
#include "nets/import_generator.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CheckpointLayout : public ::testing::Test {
 protected:
  checkpoint::CheckpointFile file_of(const checkpoint::NamedTensors& tensors) {
    const std::filesystem::path path = folder_ / (std::to_string(++files_) + ".safetensors");
    checkpoint::write_safetensors(path, tensors, {});
    return checkpoint::CheckpointFile(path);
  }
  checkpoint::CheckpointFile file_with(const std::vector<std::string>& names) {
    checkpoint::NamedTensors tensors;
    for (const std::string& name : names) tensors[name] = at::ones({1});
    return file_of(tensors);
  }

 private:
  testing::TemporaryFolder folder_;
  int files_ = 0;
};

TEST_F(CheckpointLayout, PlacesHaveAllTensorsAndAveragesComeFirst) {
  const checkpoint::CheckpointFile file =
      file_with({"params.a", "params.b", "state_dict.params_ema.a", "state_dict.params_ema.b", "a", "x.ya",
                 "x.yb", "schema.a", "schema.b"});
  EXPECT_THAT(network_prefixes(file, {"a", "b"}),
              ElementsAre("state_dict.params_ema.", "params.", "schema."));
  EXPECT_THAT(network_prefixes(file, {"c"}), IsEmpty());
}

TEST_F(CheckpointLayout, WhatGoesWithANetworkIsFoundBesideAllThatHoldsIt) {
  const checkpoint::CheckpointFile file = file_with({"a.b.net.w", "a.mean", "mean"});
  EXPECT_EQ(nearest_tensor(file, "a.b.net.", "mean"), "a.mean");
  EXPECT_EQ(nearest_tensor(file, "b.", "mean"), "mean");
  EXPECT_EQ(nearest_tensor(file, "", "other"), "");
}

// A generator of rosinality's under its own names.
checkpoint::NamedTensors public_generator() {
  for (const std::filesystem::path& folder : testing::conformance_cases("A3-")) {
    if (std::filesystem::exists(folder / "small-zip.pt"))
      return tensors_below(checkpoint::CheckpointFile(folder / "small-zip.pt"), "g_ema.");
  }
  return {};
}

checkpoint::NamedTensors below(const std::string& prefix, const checkpoint::NamedTensors& tensors,
                               double times = 1) {
  checkpoint::NamedTensors result;
  for (const auto& [name, tensor] : tensors) result[prefix + name] = tensor * times;
  return result;
}

TEST_F(CheckpointLayout, GeneratorsAreFoundWhereverTrainingCodeSavesThem) {
  const checkpoint::NamedTensors generator = public_generator();
  if (generator.empty()) GTEST_SKIP() << "the conformance data have no small-zip.pt";
  const auto expected = find_generator(file_of(generator));
  ASSERT_TRUE(expected);
  for (const std::string prefix :
       {"g_ema.", "g_ema.module.", "params_ema.", "params.", "state_dict.generator.",
        "state_dict.net_g.module.", "generator.", "ema.", "model_state_dict.G_ema.", "module.decoder."}) {
    SCOPED_TRACE(prefix);
    const auto found = find_generator(file_of(below(prefix, generator)));
    ASSERT_TRUE(found);
    ASSERT_EQ(found->tensors.size(), expected->tensors.size());
    for (const auto& [name, tensor] : expected->tensors)
      EXPECT_TRUE(at::equal(found->tensors.at(name), tensor));
  }
}

TEST_F(CheckpointLayout, OfSeveralGeneratorsTheAveragedOneIsTaken) {
  const checkpoint::NamedTensors generator = public_generator();
  if (generator.empty()) GTEST_SKIP() << "the conformance data have no small-zip.pt";
  checkpoint::NamedTensors both = below("generator.module.", generator, 2);
  both.merge(below("generator_ema.module.", generator));
  const auto found = find_generator(file_of(both));
  ASSERT_TRUE(found);
  EXPECT_TRUE(at::equal(found->tensors.at("synthesis.b4.const"), generator.at("input.input").squeeze(0)));
}

TEST_F(CheckpointLayout, MappingNetworksMayBeOfAnotherWidthInside) {
  checkpoint::NamedTensors generator = public_generator();
  if (generator.empty()) GTEST_SKIP() << "the conformance data have no small-zip.pt";
  const int64_t latent = generator.at("style.1.weight").size(1), between = latent + 8;
  int64_t last = 1;
  while (generator.contains("style." + std::to_string(last + 1) + ".weight")) ++last;
  for (int64_t i = 1; i <= last; ++i) {
    const int64_t in = i == 1 ? latent : between, out = i == last ? latent : between;
    generator["style." + std::to_string(i) + ".weight"] = at::randn({out, in});
    generator["style." + std::to_string(i) + ".bias"] = at::zeros({out});
  }
  const auto found = find_generator(file_of(generator));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->options.w_dim, latent);
  EXPECT_EQ(found->options.mapping_dim, between);

  // What is written from it is read as the same.
  const std::vector<FoundNetwork> networks = find_networks(file_of(generator));
  ASSERT_EQ(networks.size(), 1U);
  const testing::TemporaryFolder folder;
  write_network(folder / "copy.safetensors", networks[0], /*half=*/false, {});
  const auto again = find_generator(checkpoint::CheckpointFile(folder / "copy.safetensors"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->options.mapping_dim, between);
}

TEST_F(CheckpointLayout, MotionModelsMayBeWrappedOneByOne) {
  const MotionModel model = [] {
    MotionModelOptions options;
    options.kp_detector.hourglass = {.block_expansion = 4, .max_features = 8, .num_blocks = 2};
    options.generator.block_expansion = 4;
    options.generator.max_features = 8;
    options.generator.num_bottleneck_blocks = 1;
    options.generator.dense_motion.hourglass = {
        .block_expansion = 4, .max_features = 8, .num_blocks = 2, .scale_factor = 0.25};
    return MotionModel(options);
  }();
  checkpoint::NamedTensors wrapped;
  for (const auto& [name, tensor] : motion_network(model).tensors) {
    const size_t dot = name.find('.');
    wrapped["state." + name.substr(0, dot) + ".module." + name.substr(dot + 1)] = tensor;
  }
  const std::vector<FoundNetwork> networks = find_networks(file_of(wrapped));
  ASSERT_EQ(networks.size(), 1U);
  EXPECT_EQ(networks[0].kind, "motion-model");
  EXPECT_EQ(networks[0].tensors.size(), wrapped.size());
}

}  // namespace
}  // namespace toonmirror::nets
