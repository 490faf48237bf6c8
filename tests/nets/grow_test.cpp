#include "nets/grow.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "nets/blending.h"
#include "nets/model_file.h"
#include "nets/modulation.h"
#include "support/temporary_folder.h"

namespace toonmirror::nets {
namespace {

Generator small_generator(int64_t seed, bool noise = false) {
  GeneratorOptions options;
  options.resolution = 64;
  options.z_dim = options.w_dim = 16;
  options.channels = {{4, 8}, {8, 8}, {16, 8}, {32, 8}, {64, 6}};
  options.likeness_channels = {{16, 4}};
  options.latent_picture_px = 16;
  options.noise = noise;
  torch::manual_seed(seed);
  Generator generator(options);
  const at::NoGradGuard no_grad;
  for (auto& item : generator->named_parameters()) {
    if (item.key().find("likeness") != std::string::npos) item.value().normal_();
  }
  return generator;
}

TEST(Grown, DrawsTheSmallerPictureEnlarged) {
  const at::NoGradGuard no_grad;
  for (const bool noise : {false, true}) {
    Generator small = small_generator(1, noise), large = grown(small, 128, 4);
    const at::Tensor ws = at::randn({2, small->options().latent_count(), 16});
    const LikenessFeatures features = {{16, at::randn({2, 4, 16, 16})}};
    const at::Tensor picture = small->synthesize(ws, features);
    EXPECT_TRUE(at::equal(large->synthesize(ws, features), upsample_2x(picture, 0)));
    SynthesisOptions options;
    options.max_resolution = 64;
    EXPECT_TRUE(at::equal(large->synthesize(ws, features, options), picture));
    options = {.compute_type = at::kBFloat16};
    small->prepare(at::kBFloat16);
    large->prepare(at::kBFloat16);
    EXPECT_TRUE(at::equal(large->synthesize(ws, features, options),
                          upsample_2x(small->synthesize(ws, features, options), 0)));
  }
}

TEST(Grown, HandsTheFinestFeaturesOn) {
  const at::NoGradGuard no_grad;
  Generator large = grown(small_generator(2), 128, 4);
  const at::Tensor x = at::randn({1, 6, 64, 64}), w = at::randn({1, 16});
  const at::Tensor y = large->synthesis->block(128).forward(x, w, w, {}, NoiseMode::kConst);
  const auto activated = [](const at::Tensor& t) { return at::leaky_relu(t, kLreluSlope) * kSqrt2; };
  const at::Tensor chosen = x.index_select(1, at::tensor({0, 1, 3, 4}));
  EXPECT_TRUE(at::allclose(y, activated(activated(upsample_2x(chosen, 0))), 1e-3, 1e-4));
}

TEST(Grown, NewBlocksLearn) {
  Generator large = grown(small_generator(3), 128, 4);
  const at::Tensor ws = at::randn({2, large->options().latent_count(), 16});
  const auto loss = [&] {
    large->zero_grad();
    large->synthesize(ws).square().mean().backward();
  };
  loss();
  SynthesisBlockImpl& block = large->synthesis->block(128);
  EXPECT_GT(block.torgb->weight.grad().abs().min().item<double>(), 0);
  {
    const at::NoGradGuard no_grad;
    block.torgb->weight.add_(block.torgb->weight.grad(), -1.0);
  }
  loss();
  for (const auto& item : block.named_parameters()) {
    if (item.key() == "conv0.affine.weight" || item.key() == "conv1.affine.weight" ||
        item.key() == "conv0.affine.bias" || item.key() == "conv1.affine.bias") {
      continue;  // a lone tap is demodulated whatever its style
    }
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
  }
}

TEST(Grown, KeepsTheRowsOfWPlusAndNewLayersHearTheLast) {
  const at::NoGradGuard no_grad;
  Generator small = small_generator(4), large = grown(small, 128, 4);
  const int64_t rows = small->options().latent_count();
  EXPECT_EQ(large->options().latent_count(), rows);
  EXPECT_EQ(large->options().layer_rows(), rows + 2);
  const at::Tensor z = at::randn({1, 16});
  EXPECT_TRUE(at::equal(large->map(z, 0.7), small->map(z, 0.7)));
  for (at::Tensor& parameter : large->synthesis->block(128).parameters()) parameter.normal_();
  const at::Tensor ws = large->map(z);
  SynthesisOptions smaller;
  smaller.max_resolution = 64;
  // What the last row adds beyond the smaller picture is the new block's doing.
  const auto added = [&](const at::Tensor& latents) {
    return large->synthesize(latents) - upsample_2x(large->synthesize(latents, {}, smaller), 0);
  };
  at::Tensor last = ws.clone();
  last.select(1, rows - 1).add_(1.0);
  EXPECT_FALSE(at::allclose(added(ws), added(last), 1e-2, 1e-2));
}

TEST(Grown, RefusesWhatIsNoGrowth) {
  const Generator small = small_generator(5);
  EXPECT_THROW(grown(small, 64, 4), Error);
  EXPECT_THROW(grown(small, 100, 4), Error);
  EXPECT_THROW(grown(small, 2048, 4), Error);
  EXPECT_THROW(grown(small, 128, 0), Error);
  EXPECT_THROW(grown(small, 128, 7), Error);
}

TEST(Grown, FaceAndChildShareTheirNewBlockAndBlend) {
  const testing::TemporaryFolder folder;
  const at::NoGradGuard no_grad;
  save_network(folder / "small.safetensors", small_generator(6), "test-family", {});
  const Generator face = load_generator(checkpoint::CheckpointFile(folder / "small.safetensors"));
  Generator child = load_generator(checkpoint::CheckpointFile(folder / "small.safetensors"));
  child->synthesis->block(32).conv1->weight.add_(1.0);
  save_network(folder / "face.safetensors", grown(face, 128, 4), "test-family", {});
  save_child(folder / "child.safetensors", grown(child, 128, 4),
             checkpoint::CheckpointFile(folder / "face.safetensors"), {});
  const checkpoint::CheckpointFile file(folder / "child.safetensors");
  ASSERT_EQ(file.tensors().size(), 1U);
  EXPECT_EQ(file.tensors().begin()->first, "synthesis.b32.conv1.weight");
  Generator read = load_generator(file);
  EXPECT_EQ(architecture_json(read->options()), architecture_json(grown(child, 128, 4)->options()));
  const at::Tensor ws = at::randn({1, read->options().latent_count(), 16});
  EXPECT_TRUE(at::allclose(read->synthesize(ws), upsample_2x(child->synthesize(ws), 0), 1e-2, 1e-2));

  const BlendPlan plan = layers_plan(read->options(), {0, 1});
  EXPECT_EQ(plan.at("synthesis.b128.conv1.weight"), 1);
  for (const auto& item : read->synthesis->named_parameters()) {
    EXPECT_TRUE(plan.contains("synthesis." + item.key())) << item.key();
  }
  EXPECT_EQ(vtoonify_plan(read->options(), std::vector<double>(12, 1.0)).at("synthesis.b128.torgb.bias"), 1);
}

}  // namespace
}  // namespace toonmirror::nets
