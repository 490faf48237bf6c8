#include "training/projector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

namespace fs = std::filesystem;

nets::Generator small_generator(bool noise) {
  nets::GeneratorOptions options;
  options.resolution = 16;
  options.z_dim = options.w_dim = 8;
  options.channels = {{4, 8}, {8, 8}, {16, 6}};
  options.noise = noise;
  torch::manual_seed(4);
  return nets::Generator(options);
}

at::Tensor picture_of(nets::Generator& generator, const at::Tensor& ws) {
  const at::NoGradGuard no_grad;
  return generator->synthesize(ws).clone();
}

struct Task {
  at::Tensor target, z;
  ProjectorOptions options;
  double first = -1, last = -1;
  int64_t steps = 0, stop_after = 1000000;

  std::optional<at::Tensor> operator()(nets::Generator& generator) {
    ProjectorHooks hooks;
    hooks.after_step = [this](const ProjectorStep& step) {
      if (first < 0) first = step.distance;
      last = step.distance;
      steps = step.step;
    };
    hooks.stop_requested = [this] { return steps >= stop_after; };
    return project(generator, target, z, options, hooks);
  }
};

Task run_for(nets::Generator& generator, int64_t steps) {
  Task run;
  run.z = at::randn({200, 8});
  run.target = picture_of(generator, generator->map(at::randn({1, 8})));
  run.options.steps = steps;
  return run;
}

TEST(Projector, ComesNearAPictureOfTheGeneratorsOwn) {
  for (const bool each_row : {true, false}) {
    nets::Generator generator = small_generator(/*noise=*/false);
    Task run = run_for(generator, 200);
    run.options.each_row = each_row;
    const std::optional<at::Tensor> ws = run(generator);
    ASSERT_TRUE(ws);
    EXPECT_EQ(ws->sizes(), at::IntArrayRef({1, 6, 8}));
    EXPECT_LT(run.last, 0.25 * run.first) << each_row;
    EXPECT_LT((picture_of(generator, *ws) - run.target).abs().mean().item<float>(), 0.1) << each_row;
    if (!each_row) {
      EXPECT_TRUE(at::equal(ws->select(1, 0), ws->select(1, 5)));
    }
  }
}

TEST(Projector, KeepsNoisePicturesWhite) {
  nets::Generator generator = small_generator(/*noise=*/true);
  Task run = run_for(generator, 30);
  ASSERT_TRUE(run(generator));
  for (const auto& item : generator->named_buffers()) {
    if (!item.key().ends_with("noise_const")) continue;
    EXPECT_NEAR(item.value().mean().item<float>(), 0, 1e-4) << item.key();
    EXPECT_NEAR(item.value().square().mean().item<float>(), 1, 1e-3) << item.key();
    EXPECT_FALSE(item.value().requires_grad());
  }
}

TEST(Projector, GoesOnWhereItWasStopped) {
  const testing::TemporaryFolder folder;
  nets::Generator generator = small_generator(/*noise=*/false);
  Task run = run_for(generator, 40);
  run.options.state = folder / "state.safetensors";
  run.stop_after = 25;
  EXPECT_FALSE(run(generator));
  ASSERT_TRUE(fs::exists(run.options.state));

  Task other = run;
  other.target = other.target.neg();
  other.stop_after = 1000000;
  EXPECT_THAT([&] { other(generator); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("another projection")));

  run.stop_after = 1000000;
  run.first = -1;
  ASSERT_TRUE(run(generator));
  EXPECT_EQ(run.steps, 40);
  EXPECT_FALSE(fs::exists(run.options.state));
}

TEST(Projector, RefusesPicturesOfAnotherSize) {
  nets::Generator generator = small_generator(/*noise=*/false);
  Task run = run_for(generator, 1);
  run.target = at::zeros({1, 3, 32, 32});
  EXPECT_THROW(run(generator), Error);
}

}  // namespace
}  // namespace toonmirror::training
