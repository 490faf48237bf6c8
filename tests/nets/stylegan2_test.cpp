#include "nets/stylegan2.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "nets/model_file.h"
#include "support/conformance.h"

namespace toonmirror::nets {
namespace {

GeneratorOptions small_options() {
  GeneratorOptions options;
  options.resolution = 32;
  options.z_dim = options.w_dim = 16;
  options.channels = {{4, 8}, {8, 8}, {16, 8}, {32, 6}};
  options.likeness_channels = {{16, 4}};
  return options;
}

TEST(GeneratorOptions, CountsRowsOfWPlus) {
  GeneratorOptions options;
  for (const auto& [resolution, count] : {std::pair{32, 8}, {256, 14}, {1024, 18}}) {
    options.resolution = resolution;
    EXPECT_EQ(options.latent_count(), count);
  }
}

TEST(GeneratorOptions, MayTakeFewerRowsThanItHasLayers) {
  GeneratorOptions options = small_options();
  options.latent_rows = 6;
  options.check();
  EXPECT_EQ(options.latent_count(), 6);
  EXPECT_EQ(options.layer_rows(), 8);
  for (const int64_t rows : {-1, 3, 9}) {
    options.latent_rows = rows;
    EXPECT_THROW(options.check(), Error) << rows;
  }
}

TEST(Generator, LayersBeyondTheLastRowHearIt) {
  torch::manual_seed(7);
  const at::NoGradGuard no_grad;
  GeneratorOptions options = small_options();
  Generator all(options);
  options.latent_rows = 6;
  Generator fewer(options);
  assign_tensors(*fewer, named_tensors(*all), "test");
  const at::Tensor ws = at::randn({2, 6, 16});
  const at::Tensor last = ws.narrow(1, 5, 1);
  EXPECT_TRUE(at::equal(fewer->synthesize(ws), all->synthesize(at::cat({ws, last, last}, 1))));
  EXPECT_EQ(fewer->map(at::randn({3, 16})).sizes(), (std::vector<int64_t>{3, 6, 16}));
}

TEST(GeneratorOptions, RefusesImpossibleShapes) {
  GeneratorOptions options = small_options();
  options.resolution = 48;
  EXPECT_THROW(options.check(), Error);
  options = small_options();
  options.channels.erase(16);
  EXPECT_THROW(options.check(), Error);
  options = small_options();
  options.latent_picture_px = 16;  // needs a block of 64 px
  EXPECT_THROW(options.check(), Error);
}

TEST(Generator, TruncationMovesTowardsTheMean) {
  torch::manual_seed(1);
  const at::NoGradGuard no_grad;
  Generator generator(small_options());
  generator->mapping->w_avg.normal_();
  const at::Tensor z = at::randn({3, 16});
  const at::Tensor full = generator->map(z), half = generator->map(z, 0.5), none = generator->map(z, 0.0);
  const at::Tensor mean = generator->mapping->w_avg.expand_as(full);
  EXPECT_TRUE(at::allclose(none, mean));
  EXPECT_TRUE(at::allclose(half, (full + mean) / 2, 1e-4, 1e-5));
  const at::Tensor first_rows = generator->map(z, 0.0, /*cutoff=*/2);
  EXPECT_TRUE(at::allclose(first_rows.narrow(1, 0, 2), mean.narrow(1, 0, 2)));
  EXPECT_TRUE(at::allclose(first_rows.narrow(1, 2, 6), full.narrow(1, 2, 6)));
}

TEST(Generator, IgnoresTheScaleOfZ) {
  torch::manual_seed(2);
  Generator generator(small_options());
  const at::Tensor z = at::randn({2, 16});
  EXPECT_TRUE(at::allclose(generator->map(z), generator->map(z * 5.0), 1e-3, 1e-4));
}

TEST(Generator, RowsOfWPlusActFromTheirResolutionOn) {
  torch::manual_seed(3);
  const at::NoGradGuard no_grad;
  Generator generator(small_options());
  const at::Tensor ws = generator->map(at::randn({1, 16}));
  at::Tensor changed = ws.clone();
  changed.select(1, 6).add_(1.0);  // b32.conv1 and b16.torgb
  SynthesisOptions small;
  small.max_resolution = 8;
  EXPECT_TRUE(at::equal(generator->synthesize(ws, {}, small), generator->synthesize(changed, {}, small)));
  EXPECT_FALSE(at::allclose(generator->synthesize(ws), generator->synthesize(changed)));
}

// The same network without and with a latent picture.
struct TwoGenerators {
  Generator plain{nullptr}, picturing{nullptr};
};

TwoGenerators with_and_without_picture() {
  torch::manual_seed(5);
  const at::NoGradGuard no_grad;
  GeneratorOptions options = small_options();
  options.resolution = 64;
  options.channels[64] = 4;
  TwoGenerators result = {Generator(options), {nullptr}};
  options.latent_picture_px = 16;
  result.picturing = Generator(options);
  for (auto& item : result.plain->named_parameters()) {
    item.value().copy_(result.picturing->named_parameters()[item.key()]);
  }
  return result;
}

TEST(Generator, ANewLatentPictureIsHalfThereAndAddsNothingElse) {
  const at::NoGradGuard no_grad;
  TwoGenerators generators = with_and_without_picture();
  const at::Tensor ws = at::randn({2, generators.plain->options().latent_count(), 16});
  const at::Tensor picture = generators.picturing->synthesis->picture->forward(ws.select(1, 0));
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{2, 3, 64, 64}));
  EXPECT_TRUE(at::allclose(generators.picturing->synthesize(ws),
                           generators.plain->synthesize(ws) + picture * 0.5, 1e-3, 1e-4));
}

TEST(Generator, BlocksFrom16PixelsOnHearOfTheLatentPicture) {
  const at::NoGradGuard no_grad;
  TwoGenerators generators = with_and_without_picture();
  for (auto& item : generators.picturing->named_parameters()) {
    if (item.key().ends_with("picture_mix.weight")) item.value().normal_();
  }
  const at::Tensor ws = at::randn({1, generators.plain->options().latent_count(), 16});
  for (const int64_t size : {8, 16, 32}) {
    SynthesisOptions small;
    small.max_resolution = size;
    EXPECT_EQ(at::allclose(generators.plain->synthesize(ws, {}, small),
                           generators.picturing->synthesize(ws, {}, small)),
              size < 16)
        << size;
  }
}

TEST(Generator, NewLikenessWeightsChangeNothingUntilTrained) {
  torch::manual_seed(4);
  const at::NoGradGuard no_grad;
  Generator generator(small_options());
  const at::Tensor ws = generator->map(at::randn({1, 16}));
  const LikenessFeatures features = {{16, at::randn({1, 4, 16, 16})}};
  EXPECT_TRUE(at::equal(generator->synthesize(ws), generator->synthesize(ws, features)));
}

TEST(Generator, NoFeaturesAreFeaturesOfZeros) {
  torch::manual_seed(6);
  const at::NoGradGuard no_grad;
  Generator generator(small_options());
  for (at::Tensor& parameter : generator->parameters()) parameter.normal_();
  const at::Tensor ws = generator->map(at::randn({1, 16}));
  const LikenessFeatures zeros = {{16, at::zeros({1, 4, 16, 16})}};
  EXPECT_TRUE(at::allclose(generator->synthesize(ws), generator->synthesize(ws, zeros), 1e-4, 1e-4));
}

TEST(Generator, PreparedWeightsGiveTheSamePicture) {
  torch::manual_seed(5);
  const at::NoGradGuard no_grad;
  Generator generator(small_options());
  const at::Tensor ws = generator->map(at::randn({2, 16}));
  const at::Tensor before = generator->synthesize(ws);
  generator->prepare(at::kFloat);
  EXPECT_TRUE(at::allclose(before, generator->synthesize(ws), 1e-5, 1e-5));
}

// The public network, narrow names translated (rosinality → canonical): conformance cases B1.
class RosinalityWeights {
 public:
  explicit RosinalityWeights(const std::filesystem::path& folder) {
    std::ifstream file(folder / "weights.json");
    const nlohmann::json weights = nlohmann::json::parse(file);
    salt_ = weights.at("salt").get<std::string>();
    for (const nlohmann::json& entry : weights.at("tensors")) entries_[entry.at("name")] = entry;
  }
  at::Tensor operator()(const std::string& name) const {
    const nlohmann::json& entry = entries_.at(name);
    const at::Tensor tensor =
        testing::formula_tensor(salt_, name, entry.at("shape").get<std::vector<int64_t>>(),
                                entry.at("gain").get<float>(), entry.at("base").get<float>());
    EXPECT_FLOAT_EQ(tensor.flatten()[0].item<float>(), entry.at("first")[0].get<float>()) << name;
    return tensor;
  }

 private:
  std::string salt_;
  std::map<std::string, nlohmann::json> entries_;
};

checkpoint::NamedTensors canonical(const RosinalityWeights& weights, const GeneratorOptions& options) {
  checkpoint::NamedTensors result = {{"mapping.w_avg", weights("latent_avg")},
                                     {"synthesis.b4.const", weights("input.input").squeeze(0)}};
  for (int64_t i = 0; i < options.mapping_layers; ++i) {
    for (const char* part : {"weight", "bias"}) {
      result["mapping.fc" + std::to_string(i) + "." + part] =
          weights("style." + std::to_string(i + 1) + "." + part);
    }
  }
  const auto styled = [&](const std::string& to, const std::string& from, bool up, int noise) {
    const at::Tensor weight = weights(from + ".conv.weight").squeeze(0);
    result[to + ".weight"] = up ? weight.flip({2, 3}) : weight;
    result[to + ".bias"] = weights(from + ".activate.bias");
    result[to + ".affine.weight"] = weights(from + ".conv.modulation.weight");
    result[to + ".affine.bias"] = weights(from + ".conv.modulation.bias");
    result[to + ".noise_strength"] = weights(from + ".noise.weight").squeeze(0);
    result[to + ".noise_const"] = weights("noises.noise_" + std::to_string(noise)).squeeze(0).squeeze(0);
  };
  const auto rgb = [&](const std::string& to, const std::string& from) {
    result[to + ".weight"] = weights(from + ".conv.weight").squeeze(0);
    result[to + ".bias"] = weights(from + ".bias").flatten();
    result[to + ".affine.weight"] = weights(from + ".conv.modulation.weight");
    result[to + ".affine.bias"] = weights(from + ".conv.modulation.bias");
  };
  styled("synthesis.b4.conv1", "conv1", false, 0);
  rgb("synthesis.b4.torgb", "to_rgb1");
  int k = 0;
  for (int64_t r = 8; r <= options.resolution; r *= 2, ++k) {
    const std::string block = "synthesis.b" + std::to_string(r);
    styled(block + ".conv0", "convs." + std::to_string(2 * k), true, 2 * k + 1);
    styled(block + ".conv1", "convs." + std::to_string(2 * k + 1), false, 2 * k + 2);
    rgb(block + ".torgb", "to_rgbs." + std::to_string(k));
  }
  return result;
}

double max_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

// Compares a picture with what the case keeps of it: all, or averages and a crop.
void expect_picture(const at::Tensor& picture, const checkpoint::SafetensorsFile& expected,
                    const std::string& name) {
  constexpr double kTolerance = 1e-4;
  if (expected.contains(name)) {
    EXPECT_LT(max_difference(picture, expected.tensor(name)), kTolerance) << name;
  }
  if (expected.contains(name + ".area128")) {
    EXPECT_LT(
        max_difference(at::adaptive_avg_pool2d(picture, {128, 128}), expected.tensor(name + ".area128")),
        kTolerance)
        << name;
  }
  if (expected.contains(name + ".row_mean")) {
    EXPECT_LT(max_difference(picture.mean(3), expected.tensor(name + ".row_mean")), kTolerance) << name;
  }
}

TEST(Conformance, PublicGeneratorPixelForPixel) {
  const auto cases = testing::conformance_cases("B1-stylegan2-formula");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  const at::NoGradGuard no_grad;
  for (const auto& folder : cases) {
    SCOPED_TRACE(folder.filename().string());
    std::ifstream file(folder / "case.json");
    const nlohmann::json info = nlohmann::json::parse(file);
    GeneratorOptions options;
    options.resolution = info.at("size").get<int64_t>();
    options.z_dim = options.w_dim = info.at("style_dim").get<int64_t>();
    options.mapping_layers = info.at("n_mlp").get<int64_t>();
    options.noise = true;
    for (int64_t r = 4; r <= options.resolution; r *= 2) {
      options.channels[r] = std::min<int64_t>(512, 16384 * info.at("channel_multiplier").get<int64_t>() / r);
    }
    Generator generator(options);
    assign_tensors(*generator, canonical(RosinalityWeights(folder), options), "case");
    const checkpoint::SafetensorsFile expected(folder / "expected.safetensors");
    const at::Tensor z = expected.tensor("z");
    const at::Tensor ws = generator->map(z);
    EXPECT_LT(max_difference(ws.select(1, 0), expected.tensor("w")), 1e-4);
    const at::Tensor truncated = generator->map(z, 0.7);
    EXPECT_LT(max_difference(truncated.select(1, 0), expected.tensor("w_trunc_0.7")), 1e-4);

    const int64_t inject = info.at("mix_inject_index").get<int64_t>();
    at::Tensor mixed = ws.narrow(0, 2, 1).clone();
    mixed.narrow(1, 0, inject).copy_(ws.narrow(0, 0, 1).narrow(1, 0, inject));
    SynthesisOptions no_noise;
    no_noise.noise_mode = NoiseMode::kNone;
    expect_picture(generator->synthesize(ws.narrow(0, 0, 1)), expected, "image_z0_noise");
    expect_picture(generator->synthesize(ws.narrow(0, 0, 1), {}, no_noise), expected, "image_z0_nonoise");
    expect_picture(generator->synthesize(truncated.narrow(0, 1, 1)), expected, "image_z1_noise_psi0.7");
    expect_picture(generator->synthesize(mixed), expected, "image_mix_z0_z2");
    expect_picture(generator->synthesize(expected.tensor("wplus")), expected, "image_wplus_noise");
  }
}

}  // namespace
}  // namespace toonmirror::nets
