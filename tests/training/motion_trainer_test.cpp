#include "training/motion_trainer.h"

#include <gtest/gtest.h>

#include "support/nets_folder.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

TEST(TaughtKeyPoints, LieBetweenTheirLandmarks) {
  at::Tensor points = at::zeros({1, 68, 2});
  points[0][30] = at::tensor({255.0f, 0.0f});  // tip of the nose
  points[0][37] = at::tensor({100.0f, 20.0f}), points[0][38] = at::tensor({110.0f, 22.0f});  // an upper lid
  const at::Tensor taught = taught_key_points(points);
  ASSERT_EQ(taught.sizes(), (std::vector<int64_t>{1, house_motion_options().num_kp, 2}));
  EXPECT_TRUE(at::allclose(taught[0][7], at::tensor({1.0f, -1.0f})));
  EXPECT_TRUE(at::allclose(taught[0][2], at::tensor({105.0f, 21.0f}) * (2.0 / 255) - 1.0));
}

TEST(HouseMotionModel, KeepsTheMovedSourceAndFinerFeatures) {
  const nets::MotionModelOptions options = house_motion_options();
  options.check();
  torch::manual_seed(1);
  nets::MotionModel model(options);
  model->eval();
  const at::NoGradGuard no_grad;
  const nets::EncodedSource source = model->encode_source(at::rand({1, 3, 256, 256}));
  ASSERT_EQ(source.skips.size(), 1U);
  EXPECT_EQ(source.skips[0].sizes(), (std::vector<int64_t>{1, 48, 128, 128}));
  // Told to keep all of the source, it gives the source back when nothing moves.
  for (auto& item : model->named_parameters()) {
    if (item.key() == "generator.blend.bias") item.value().fill_(50);
  }
  const at::Tensor same = model->render(source, source.key_points);
  EXPECT_LT((same - source.picture).abs().mean().item<double>(), 1e-3);
}

TEST(TrainMotion, TakesStepsAndResumes) {
  if (testing::nets_folder().empty()) GTEST_SKIP() << "no networks for losses (set TOONMIRROR_NETS)";
  const testing::TemporaryFolder folder;
  torch::manual_seed(2);
  at::Tensor landmarks = at::rand({6, 68, 2}) * 255;
  checkpoint::write_safetensors(folder / "clips.safetensors",
                                {{"frames", at::randint(0, 256, {6, 256, 256, 3}, at::kByte)},
                                 {"landmarks", landmarks},
                                 {"clip", at::tensor({0, 0, 0, 1, 1, 1}, at::kLong)},
                                 {"held_out", at::tensor({0, 1}, at::kByte)}},
                                {{"toonmirror.kind", "clips"}});
  MotionTrainingOptions options;
  options.clips = folder / "clips.safetensors";
  options.nets = testing::nets_folder();
  options.half_size_share = 1;
  options.statistics_batches = 1;
  options.run.output = folder / "out";
  options.run.workers = 1;
  options.run.batch_per_worker = 2;
  options.run.log_every = 1;
  std::vector<std::string> lines;
  RunHooks hooks;
  hooks.log = [&](const std::string& line) { lines.push_back(line); };
  at::Tensor sheet;
  const PictureWriter keep = [&](const std::filesystem::path&, const at::Tensor& picture) {
    sheet = picture;
  };
  options.run.steps = 1;
  train_motion(options, hooks, keep);
  EXPECT_EQ(sheet.sizes(), (std::vector<int64_t>{3, 4 * 256, 8 * 256}));
  options.run.steps = 2;
  nets::MotionModel model = train_motion(options, hooks, keep);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], "resumed at step 1");
  EXPECT_FALSE(model->is_training());
  const at::NoGradGuard no_grad;
  const at::Tensor output = model->render(model->encode_source(at::rand({1, 3, 256, 256})),
                                          model->detect(at::rand({1, 3, 256, 256})));
  EXPECT_TRUE(output.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace toonmirror::training
