#include "training/motion_trainer.h"

#include <gtest/gtest.h>

#include "support/face_mesh.h"
#include "support/nets_folder.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

at::Tensor mesh() { return 0.5 * testing::synthetic_mesh().unsqueeze(0); }

TEST(HouseMotionModel, KeepsTheMovedSourceAndFinerFeatures) {
  const nets::MotionModelOptions options = house_motion_options();
  options.check();
  torch::manual_seed(1);
  nets::MotionModel model(options);
  model->eval();
  const at::NoGradGuard no_grad;
  const nets::EncodedSource source = model->encode_source(at::rand({1, 3, 256, 256}), mesh());
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
  at::Tensor landmarks = at::rand({12, 68, 2}) * 255;
  checkpoint::write_safetensors(folder / "clips.safetensors",
                                {{"frames", at::randint(0, 256, {12, 256, 256, 3}, at::kByte)},
                                 {"landmarks", landmarks},
                                 {"mesh", mesh().repeat({12, 1, 1})},
                                 {"clip", at::tensor({0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}, at::kLong)},
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
  const at::Tensor output = model->render(model->encode_source(at::rand({1, 3, 256, 256}), mesh()),
                                          model->detect(at::rand({1, 3, 256, 256}), mesh()));
  EXPECT_TRUE(output.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace toonmirror::training
