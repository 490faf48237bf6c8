#include "nets/first_order_motion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "nets/model_file.h"

namespace toonmirror::nets {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

MotionModelOptions small_options() {
  MotionModelOptions options;
  options.num_kp = 4;
  options.kp_detector.hourglass = {
      .block_expansion = 6, .max_features = 20, .num_blocks = 2, .scale_factor = 0.5};
  options.generator.block_expansion = 6;
  options.generator.max_features = 20;
  options.generator.num_bottleneck_blocks = 2;
  options.generator.dense_motion.hourglass = options.kp_detector.hourglass;
  return options;
}

// All weights and running statistics drawn, in evaluation mode.
MotionModel random_model(const MotionModelOptions& options) {
  MotionModel model(options);
  const at::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) {
    if (item.value().dim() == 4) {
      item.value().normal_(0.0, 1.5 / std::sqrt(static_cast<double>(item.value()[0].numel())));
    } else {
      item.value().add_(at::randn_like(item.value()), 0.1);
    }
  }
  for (auto& item : model->named_buffers()) {
    if (item.key().ends_with("running_mean")) item.value().normal_(0.0, 0.1);
    if (item.key().ends_with("running_var")) item.value().uniform_(0.7, 1.4);
  }
  model->eval();
  return model;
}

KeyPoints random_key_points(int64_t n, const MotionModelOptions& options) {
  KeyPoints result = {at::rand({n, options.num_kp, 2}) * 1.6 - 0.8, {}};
  if (options.estimate_jacobian) result.jacobian = at::eye(2) + 0.2 * at::randn({n, options.num_kp, 2, 2});
  return result;
}

TEST(LoadMotionModel, SaysWhatDoesNotFit) {
  const MotionModelOptions options = small_options();
  checkpoint::NamedTensors tensors = named_tensors(*MotionModel(options));
  const auto loading = [&](const std::optional<MotionModelOptions>& with) {
    return [&tensors, with] { load_motion_model(tensors, with, "model.pt"); };
  };
  MotionModelOptions other = options;
  other.num_kp = 12;
  EXPECT_THAT(loading(other), ThrowsMessage<Error>(HasSubstr("model.pt: num_kp is 4 by the shapes")));
  other = options;
  other.kp_detector.hourglass.scale_factor = 0.25;
  EXPECT_THAT(loading(other), ThrowsMessage<Error>(HasSubstr("scale_factor")));

  tensors["discriminator.conv.weight"] = at::zeros({1});
  EXPECT_NO_THROW(load_motion_model(tensors, std::nullopt, "model.pt"));
  tensors["generator.more.weight"] = at::zeros({1});
  EXPECT_THAT(loading(std::nullopt), ThrowsMessage<Error>(HasSubstr("generator.more.weight")));
  tensors.erase("generator.more.weight");
  tensors.erase("kp_detector.kp.weight");
  EXPECT_THAT(loading(std::nullopt),
              ThrowsMessage<Error>(HasSubstr("lacks the tensor kp_detector.kp.weight")));
  EXPECT_THROW(load_motion_model({}, std::nullopt, "model.pt"), Error);
}

TEST(MotionModel, NothingMovesWithoutMotion) {
  torch::manual_seed(1);
  const at::NoGradGuard no_grad;
  MotionModel model = random_model(small_options());
  const EncodedSource source = model->encode_source(at::rand({1, 3, 64, 64}));
  MotionMaps maps;
  model->render(source, source.key_points, /*align_corners=*/true, &maps);
  const at::Tensor grid = coordinate_grid(32, 32, at::kFloat);
  EXPECT_TRUE(at::allclose(maps.dense.sparse_motion, grid.expand({1, 5, 32, 32, 2}), 1e-5, 1e-5));
  EXPECT_TRUE(at::allclose(maps.dense.deformation, grid.unsqueeze(0), 1e-5, 1e-5));
  EXPECT_EQ(maps.dense.heatmap.abs().max().item<float>(), 0.0F);
  EXPECT_TRUE(at::allclose(maps.dense.sparse_deformed, source.small.unsqueeze(1).expand({1, 5, 3, 32, 32}),
                           1e-3, 1e-3));
}

TEST(MotionModel, AtFullResolutionNoMotionKeepsThePicture) {
  torch::manual_seed(2);
  const at::NoGradGuard no_grad;
  MotionModelOptions options = small_options();
  options.generator.dense_motion.hourglass.scale_factor = 1.0;
  MotionModel model = random_model(options);
  const EncodedSource source = model->encode_source(at::rand({1, 3, 64, 64}));
  MotionMaps maps;
  model->render(source, source.key_points, /*align_corners=*/true, &maps);
  EXPECT_LT((maps.deformed - source.picture).abs().max().item<double>(), 1e-4);
}

TEST(MotionModel, MotionTakesDrivingKeyPointsToThoseOfTheSource) {
  torch::manual_seed(3);
  const at::NoGradGuard no_grad;
  const MotionModelOptions options = small_options();
  MotionModel model = random_model(options);
  EncodedSource source = model->encode_source(at::rand({1, 3, 64, 64}));
  source.key_points = random_key_points(1, options);
  KeyPoints driving = random_key_points(1, options);
  const at::Tensor grid = coordinate_grid(32, 32, at::kFloat);
  driving.value.copy_(grid[11][20].expand({1, 4, 2}));
  MotionMaps maps;
  model->render(source, driving, true, &maps);
  const at::Tensor there = maps.dense.sparse_motion.narrow(1, 1, 4).select(2, 11).select(2, 20);
  EXPECT_TRUE(at::allclose(there, source.key_points.value, 1e-4, 1e-5));
  // A step along a column of the driving's jacobian is one along the same column of the source's.
  driving.value = grid[11][20] - driving.jacobian.select(3, 1) * 0.1;
  model->render(source, driving, true, &maps);
  const at::Tensor stepped = maps.dense.sparse_motion.narrow(1, 1, 4).select(2, 11).select(2, 20);
  EXPECT_TRUE(at::allclose(stepped, source.key_points.value + source.key_points.jacobian.select(3, 1) * 0.1,
                           1e-4, 1e-5));
}

TEST(MotionModel, MasksAndOcclusionAreShares) {
  torch::manual_seed(4);
  const at::NoGradGuard no_grad;
  const MotionModelOptions options = small_options();
  MotionModel model = random_model(options);
  MotionMaps maps;
  const at::Tensor picture = model->render(model->encode_source(at::rand({1, 3, 64, 64})),
                                           random_key_points(2, options), true, &maps);
  EXPECT_TRUE(at::allclose(maps.dense.mask.sum(1), at::ones({2, 32, 32}), 1e-4, 1e-5));
  for (const at::Tensor& share : {maps.dense.mask, maps.dense.occlusion, picture}) {
    EXPECT_GE(share.min().item<float>(), 0.0F);
    EXPECT_LE(share.max().item<float>(), 1.0F);
  }
}

TEST(MotionModel, OneSourceDrivenByManyIsEachAlone) {
  torch::manual_seed(5);
  const at::NoGradGuard no_grad;
  const MotionModelOptions options = small_options();
  MotionModel model = random_model(options);
  const EncodedSource source = model->encode_source(at::rand({1, 3, 64, 64}));
  const KeyPoints driving = random_key_points(3, options);
  const at::Tensor together = model->render(source, driving);
  for (int64_t i = 0; i < 3; ++i) {
    const KeyPoints one = {driving.value.narrow(0, i, 1), driving.jacobian.narrow(0, i, 1)};
    EXPECT_TRUE(at::allclose(model->render(source, one)[0], together[i], 1e-4, 1e-5));
  }
}

TEST(MotionModel, PreparedItGivesTheSame) {
  torch::manual_seed(6);
  const at::NoGradGuard no_grad;
  const MotionModelOptions options = small_options();
  MotionModel model = random_model(options);
  const at::Tensor picture = at::rand({1, 3, 64, 64});
  const KeyPoints driving = random_key_points(1, options);
  const EncodedSource before = model->encode_source(picture);
  const at::Tensor rendered_before = model->render(before, driving);
  model->prepare();
  const EncodedSource after = model->encode_source(picture);
  EXPECT_TRUE(at::allclose(before.key_points.value, after.key_points.value, 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(before.key_points.jacobian, after.key_points.jacobian, 1e-4, 1e-4));
  EXPECT_TRUE(at::allclose(rendered_before, model->render(after, driving), 1e-3, 1e-4));
}

TEST(MotionModel, RefusesPicturesAndKeyPointsOfOtherShapes) {
  const at::NoGradGuard no_grad;
  MotionModel model = random_model(small_options());
  EXPECT_EQ(model->options().size_multiple_px(), 8);
  EXPECT_EQ(model->options().least_size_px(), 16);
  EXPECT_NO_THROW(model->detect(at::rand({1, 3, 16, 24})));
  EXPECT_THROW(model->detect(at::rand({1, 3, 8, 8})), Error);
  EXPECT_THROW(model->detect(at::rand({1, 3, 30, 32})), Error);
  EXPECT_THROW(model->detect(at::rand({1, 4, 32, 32})), Error);
  EXPECT_THROW(model->encode_source(at::rand({3, 32, 32})), Error);
  const EncodedSource source = model->encode_source(at::rand({2, 3, 32, 32}));
  const KeyPoints three = random_key_points(3, small_options());
  EXPECT_THROW(model->render(source, three), Error);
  EXPECT_THROW(model->render(source, {source.key_points.value, {}}), Error);
  EXPECT_THROW(model->render(source, {at::rand({2, 9, 2}), at::rand({2, 9, 2, 2})}), Error);
}

TEST(AntiAliasDownscale, KeepsWhatIsConstant) {
  AntiAliasDownscale down(2, HourglassOptions());
  const at::Tensor small = down->forward(at::full({1, 2, 64, 64}, 0.7));
  EXPECT_EQ(small.sizes(), at::IntArrayRef({1, 2, 16, 16}));
  EXPECT_TRUE(
      at::allclose(small.narrow(2, 2, 12).narrow(3, 2, 12), at::full({1, 2, 12, 12}, 0.7F), 1e-5, 1e-6));
}

TEST(Gaussians, PeakAtTheirPoints) {
  const at::Tensor grid = coordinate_grid(9, 17, at::kFloat);
  const at::Tensor drawn = gaussians(grid[3][5].view({1, 1, 2}), 9, 17, 0.01);
  EXPECT_EQ(drawn[0][0][3][5].item<float>(), 1.0F);
  // One place (1/8 of half the picture) to the right: exp(−0.125² / 0.02).
  EXPECT_NEAR(drawn[0][0][3][6].item<float>(), std::exp(-0.125 * 0.125 / 0.02), 1e-6);
  EXPECT_NEAR(drawn[0][0][4][5].item<float>(), std::exp(-0.25 * 0.25 / 0.02), 1e-6);
}

TEST(Inverse2x2, TimesTheMatrixIsTheIdentity) {
  torch::manual_seed(7);
  const at::Tensor matrices = at::randn({10, 10, 2, 2});
  const at::Tensor product = at::matmul(inverse_2x2(matrices), matrices.to(at::kDouble));
  EXPECT_LT((product - at::eye(2, at::kDouble)).abs().max().item<double>(), 1e-9);
  EXPECT_TRUE(at::isfinite(inverse_2x2(at::ones({1, 2, 2}))).all().item<bool>());
}

}  // namespace
}  // namespace toonmirror::nets
