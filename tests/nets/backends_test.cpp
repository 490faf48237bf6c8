// The engine against plain LibTorch: every network gives the same with both.
#include <gtest/gtest.h>

#include "engine/backend.h"
#include "nets/first_order_motion.h"
#include "nets/house_encoder.h"
#include "nets/psp_encoder.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {
namespace {

// Differences are told as shares of what the plain result ranges over.
double range_of(const at::Tensor& x) { return (x.max() - x.min()).item<double>(); }

double largest_difference(const at::Tensor& x, const at::Tensor& plain) {
  EXPECT_EQ(x.sizes(), plain.sizes());
  return (x.to(at::kFloat) - plain).abs().max().item<double>() / range_of(plain);
}

double psnr_db(const at::Tensor& x, const at::Tensor& plain) {
  const double mse = (x.to(at::kFloat) - plain).square().mean().item<double>();
  return 20 * std::log10(range_of(plain)) - 10 * std::log10(mse);
}

class Backends : public ::testing::Test {
 protected:
  Backends() { torch::manual_seed(3); }
  ~Backends() override {
    engine::set_backend(engine::Backend::kOneDnn);
    engine::set_int8(false);
  }

  // compute(type) prepares for the present backend and computes.
  template <typename Compute>
  void expect_same(Compute compute) {
    engine::set_backend(engine::Backend::kTorch);
    const at::Tensor plain = compute(at::kFloat);
    ASSERT_GT(range_of(plain), 0);
    engine::set_backend(engine::Backend::kOneDnn);
    EXPECT_LT(largest_difference(compute(at::kFloat), plain), 1e-4);
    EXPECT_GT(psnr_db(compute(at::kBFloat16), plain), 45);
    engine::set_int8(true);
    EXPECT_GT(psnr_db(compute(at::kFloat), plain), 38);
    EXPECT_GT(psnr_db(compute(at::kBFloat16), plain), 38);
    engine::set_int8(false);
    // And back: nothing of the one is left in the other.
    engine::set_backend(engine::Backend::kTorch);
    EXPECT_TRUE(at::equal(compute(at::kFloat), plain));
  }

  at::NoGradGuard no_grad_;
};

GeneratorOptions generator_options() {
  GeneratorOptions options;
  options.resolution = 64;
  options.z_dim = options.w_dim = 32;
  options.channels = {{4, 96}, {8, 80}, {16, 64}, {32, 64}, {64, 24}};
  return options;
}

void expect_same_pictures(
    const GeneratorOptions& options, Generator& generator,
    const std::function<void(const std::function<at::Tensor(at::ScalarType)>&)>& expect) {
  const at::Tensor ws = at::randn({2, options.latent_count(), options.w_dim});
  LikenessFeatures features;
  for (const auto& [resolution, channels] : options.likeness_channels)
    features[resolution] = at::randn({2, channels, resolution, resolution});
  expect([&](at::ScalarType type) {
    generator->prepare(type);
    SynthesisOptions synthesis;
    synthesis.compute_type = type;
    return generator->synthesize(ws, features, synthesis);
  });
}

TEST_F(Backends, GeneratorWithLikeness) {
  GeneratorOptions options = generator_options();
  options.likeness_channels = {{16, 8}, {32, 4}};
  options.latent_picture_px = 16;
  Generator generator(options);
  for (auto& item : generator->named_parameters()) {
    if (item.key().find("likeness") != std::string::npos || item.key().ends_with("mix.weight"))
      item.value().copy_(at::randn_like(item.value()));
  }
  expect_same_pictures(options, generator, [this](const auto& compute) { expect_same(compute); });
}

TEST_F(Backends, GeneratorWithNoiseAndClamp) {
  GeneratorOptions options = generator_options();
  options.noise = true;
  options.conv_clamp = 2;
  Generator generator(options);
  for (auto& item : generator->named_parameters()) {
    if (item.key().ends_with("noise_strength")) item.value().fill_(0.3);
    if (item.key().ends_with("bias") && item.value().dim() == 1)
      item.value().copy_(at::randn_like(item.value()));
  }
  expect_same_pictures(options, generator, [this](const auto& compute) { expect_same(compute); });
}

TEST_F(Backends, HouseEncoder) {
  HouseEncoderOptions options;
  options.resolution = 256;
  options.channels = {16, 16, 32, 64, 64};
  options.latent_count = 14;
  options.w_dim = 64;
  options.likeness_channels = {{32, 8}};
  HouseEncoder encoder(options);
  const at::Tensor x = at::rand({1, 3, 256, 256}) * 2 - 1;
  for (const bool parsing : {false, true}) {
    expect_same([&](at::ScalarType type) {
      encoder->prepare(type);
      const HouseEncoding encoding = encoder->forward(x.to(type), /*parse=*/true);
      return parsing ? encoding.parsing : encoding.w;
    });
  }
}

TEST_F(Backends, PspEncoder) {
  PspEncoderOptions options;
  options.widths = {16, 16, 32, 64};
  options.style_dim = 32;
  options.style_depths = {4, 5, 6};
  PspEncoder encoder(options);
  for (at::Tensor& parameter : encoder->parameters()) {
    if (parameter.dim() == 4) {
      parameter.copy_(at::randn_like(parameter) * std::sqrt(1.0 / static_cast<double>(parameter[0].numel())));
    } else {
      parameter.copy_(at::rand_like(parameter) * 0.4 + 0.1);
    }
  }
  for (at::Tensor& buffer : encoder->buffers()) {
    if (buffer.is_floating_point() && buffer.dim() == 1) buffer.copy_(at::rand_like(buffer) + 0.5);
  }
  encoder->eval();
  const at::Tensor x = at::rand({1, 3, kPspInputSize_px, kPspInputSize_px}) * 2 - 1;
  expect_same([&](at::ScalarType type) {
    encoder->prepare(type);
    return encoder->forward(x.to(type));
  });
}

TEST_F(Backends, MotionModel) {
  MotionModelOptions options;
  options.num_kp = 4;
  options.kp_detector.hourglass = {.block_expansion = 8, .max_features = 32, .num_blocks = 2};
  options.generator.block_expansion = 16;
  options.generator.max_features = 64;
  options.generator.num_bottleneck_blocks = 2;
  options.generator.dense_motion.hourglass = {.block_expansion = 8, .max_features = 32, .num_blocks = 2};
  MotionModel model(options);
  for (at::Tensor& buffer : model->buffers()) {
    if (buffer.is_floating_point() && buffer.dim() == 1) buffer.copy_(at::rand_like(buffer) + 0.5);
  }
  model->eval();
  const at::Tensor source = at::rand({1, 3, 128, 128}), driving = at::rand({1, 3, 128, 128});
  expect_same([&](at::ScalarType type) {
    model->prepare(type);
    const EncodedSource encoded = model->encode_source(source);
    return model->render(encoded, model->detect(driving));
  });
}

}  // namespace
}  // namespace toonmirror::nets
