#include "nets/blending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"
#include "support/conformance.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

GeneratorOptions small_options() {
  GeneratorOptions options;
  options.resolution = 32;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 6}, {8, 6}, {16, 6}, {32, 4}};
  options.noise = true;
  return options;
}

checkpoint::NamedTensors random_network(int64_t seed) {
  torch::manual_seed(seed);
  return named_tensors(*Generator(small_options()));
}

TEST(PinkneyPlan, HardSwitchLeavesOneMoreLayerToTheLowNetwork) {
  const BlendPlan plan = pinkney_plan(small_options(), 8, 0, 0);
  EXPECT_EQ(plan.at("synthesis.b8.conv0.weight"), 0);
  EXPECT_EQ(plan.at("synthesis.b8.conv1.weight"), 0);
  EXPECT_EQ(plan.at("synthesis.b16.conv0.weight"), 1);
  EXPECT_EQ(plan.at("synthesis.b32.torgb.bias"), 1);
}

TEST(PinkneyPlan, NeverTouchesMappingNoiseAndTheFourByFourConvolution) {
  for (const auto& [name, share] : pinkney_plan(small_options(), 4, 0, 2)) {
    EXPECT_FALSE(name.starts_with("mapping.")) << name;
    EXPECT_FALSE(name.ends_with(".noise_const")) << name;
    EXPECT_FALSE(name.starts_with("synthesis.b4.conv1")) << name;
  }
}

TEST(PinkneyPlan, RefusesWhatIsNotThere) {
  EXPECT_THROW(pinkney_plan(small_options(), 64, 0, 0), Error);
  EXPECT_THROW(pinkney_plan(small_options(), 8, 2, 0), Error);
  EXPECT_THROW(pinkney_plan(small_options(), 8, 0, -1), Error);
}

TEST(LayersPlan, ShortListsAreCurves) {
  const BlendPlan ramp = layers_plan(small_options(), {0, 1});
  EXPECT_EQ(ramp.at("synthesis.b4.const"), 0);
  EXPECT_DOUBLE_EQ(ramp.at("synthesis.b16.conv0.weight"), 0.5);
  EXPECT_EQ(ramp.at("synthesis.b32.conv1.bias"), 1);
  for (const auto& [name, share] : layers_plan(small_options(), {0.25})) EXPECT_EQ(share, 0.25) << name;
}

TEST(LayersPlan, NamesAllTensorsOfALatentPicture) {
  GeneratorOptions options = small_options();
  options.resolution = 64;
  options.channels[64] = 4;
  options.latent_picture_px = 16;
  const BlendPlan ramp = layers_plan(options, {0, 1});
  const Generator generator(options);
  for (const auto& item : generator->synthesis->named_parameters()) {
    EXPECT_TRUE(ramp.contains("synthesis." + item.key())) << item.key();
  }
  EXPECT_EQ(ramp.at("synthesis.picture.linear.weight"), 0);
  EXPECT_EQ(ramp.at("synthesis.b32.picture_mix.weight"), ramp.at("synthesis.b32.conv1.weight"));
}

TEST(VtoonifyPlan, NumbersLayersAsItsReferenceDoes) {
  std::vector<double> weights(8);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<double>(i) / 10.0;
  const BlendPlan plan = vtoonify_plan(small_options(), weights);
  EXPECT_EQ(plan.at("synthesis.b4.conv1.weight"), 0.0);
  EXPECT_EQ(plan.at("synthesis.b4.torgb.weight"), 0.1);
  EXPECT_EQ(plan.at("synthesis.b16.conv0.weight"), 0.3);
  EXPECT_EQ(plan.at("synthesis.b32.torgb.weight"), 0.7);
  EXPECT_FALSE(plan.contains("synthesis.b4.const"));
  EXPECT_THROW(vtoonify_plan(small_options(), {0.5}), Error);
  EXPECT_THROW(vtoonify_plan(small_options(), std::vector<double>(8, 1.5)), Error);
}

TEST(BlendTensors, SharesZeroAndOneGiveTheSourcesThemselves) {
  const checkpoint::NamedTensors low = random_network(1), high = random_network(2);
  const auto blended = blend_tensors(low, high, pinkney_plan(small_options(), 16, 0, 0));
  EXPECT_TRUE(blended.at("synthesis.b8.conv0.weight").is_same(low.at("synthesis.b8.conv0.weight")));
  EXPECT_TRUE(blended.at("synthesis.b32.conv0.weight").is_same(high.at("synthesis.b32.conv0.weight")));
  EXPECT_TRUE(blended.at("mapping.fc0.weight").is_same(low.at("mapping.fc0.weight")));
}

TEST(MixTensors, IsTheWeightedMeanOfEveryLayer) {
  const std::vector<checkpoint::NamedTensors> networks = {random_network(1), random_network(2),
                                                          random_network(3)};
  const BlendPlan even = layers_plan(small_options(), {1.0}), coarse = layers_plan(small_options(), {1, 0});
  const checkpoint::NamedTensors mixed =
      mix_tensors({{&networks[0], even}, {&networks[1], even}, {&networks[2], coarse}});
  const std::string first = "synthesis.b4.conv1.weight", last = "synthesis.b32.conv1.weight",
                    mapping = "mapping.fc0.weight";
  EXPECT_TRUE(at::allclose(mixed.at(first),
                           (networks[0].at(first) + networks[1].at(first) + networks[2].at(first)) / 3));
  EXPECT_TRUE(at::allclose(mixed.at(last), (networks[0].at(last) + networks[1].at(last)) / 2));
  EXPECT_TRUE(at::equal(mixed.at(mapping), networks[0].at(mapping)));
}

TEST(MixTensors, OfTwoIsTheirBlend) {
  const checkpoint::NamedTensors low = random_network(1), high = random_network(2);
  const checkpoint::NamedTensors mixed = mix_tensors(
      {{&low, layers_plan(small_options(), {0.75})}, {&high, layers_plan(small_options(), {0.25})}});
  const checkpoint::NamedTensors blended = blend_tensors(low, high, layers_plan(small_options(), {0.25}));
  for (const auto& [name, tensor] : blended) EXPECT_TRUE(at::allclose(mixed.at(name), tensor)) << name;
}

TEST(MixTensors, NeedsAWeightInEveryLayer) {
  const checkpoint::NamedTensors network = random_network(1);
  EXPECT_THROW(mix_tensors({{&network, layers_plan(small_options(), {1, 0})}}), Error);
}

TEST(BlendTensors, NamesTheTensorThatDoesNotFit) {
  const checkpoint::NamedTensors low = random_network(1);
  checkpoint::NamedTensors high = random_network(2);
  high["synthesis.b8.conv0.bias"] = at::zeros({7});
  EXPECT_THAT([&] { check_blendable(low, high); },
              ThrowsMessage<Error>(::testing::AllOf(HasSubstr("synthesis.b8.conv0.bias"), HasSubstr("[6]"),
                                                    HasSubstr("[7]"))));
}

// "G_synthesis/8x8/Conv0_up/mod_weight" → "synthesis.b8.conv0.affine.weight"
std::string canonical_name(const std::string& variable) {
  const size_t first = variable.find('/'), x = variable.find('x'), second = variable.find('/', first + 1);
  const size_t third = variable.find('/', second + 1);
  const std::string layer = variable.substr(second + 1, third - second - 1),
                    part = variable.substr(third + 1);
  const std::map<std::string, std::string> layers = {
      {"Const", ""}, {"Conv", "conv1."}, {"Conv0_up", "conv0."}, {"Conv1", "conv1."}, {"ToRGB", "torgb."}};
  const std::map<std::string, std::string> parts = {{"mod_weight", "affine.weight"},
                                                    {"mod_bias", "affine.bias"}};
  const auto renamed = parts.find(part);
  return "synthesis.b" + variable.substr(first + 1, x - first - 1) + "." + layers.at(layer) +
         (renamed == parts.end() ? part : renamed->second);
}

TEST(BlendConformance, SharesAndPicturesOfTheReference) {
  const auto cases = testing::conformance_cases("C-");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  for (const auto& folder : cases) {
    std::ifstream stream(folder / "blend-weights.json");
    const nlohmann::json info = nlohmann::json::parse(stream);
    const auto low = find_generator(checkpoint::CheckpointFile(folder / info.at("low").get<std::string>()));
    const auto high = find_generator(checkpoint::CheckpointFile(folder / info.at("high").get<std::string>()));
    ASSERT_TRUE(low && high);
    const checkpoint::SafetensorsFile expected(folder / "blend.expected.safetensors");
    const at::Tensor z = expected.tensor("z");
    int blends_with_pictures = 0;
    for (const nlohmann::json& row : info.at("table")) {
      const int64_t resolution = row.at("resolution").get<int64_t>();
      const int level = row.at("level").get<int>();
      const nlohmann::json& width = row.at("blend_width");
      const BlendPlan plan =
          pinkney_plan(low->options, resolution, level, width.is_null() ? 0.0 : width.get<double>());
      ASSERT_EQ(plan.size(), row.at("y").size());
      for (const auto& [variable, y] : row.at("y").items()) {
        EXPECT_NEAR(plan.at(canonical_name(variable)), y.get<double>(), 1e-12) << variable;
      }
      const std::string tag = "r" + std::to_string(resolution) + "_l" + std::to_string(level) + "_w" +
                              (width.is_null() ? "None" : width.dump());
      Generator generator{nullptr};
      for (const auto& [name, entry] : expected.tensors()) {
        if (!name.starts_with(tag + ".") || name.find(".image_") == std::string::npos) continue;
        if (!generator) {
          generator = Generator(low->options);
          assign_tensors(*generator, blend_tensors(low->tensors, high->tensors, plan), "blend");
          ++blends_with_pictures;
        }
        const double psi = std::stod(name.substr(name.find("psi") + 3));
        SynthesisOptions options;
        options.noise_mode = name.ends_with("none") ? NoiseMode::kNone : NoiseMode::kConst;
        const at::Tensor picture = generator->synthesize(generator->map(z, psi), {}, options);
        EXPECT_LT((picture - expected.tensor(name)).abs().max().item<double>(), 1e-4) << name;
      }
    }
    EXPECT_GT(blends_with_pictures, 0);
  }
}

}  // namespace
}  // namespace toonmirror::nets
