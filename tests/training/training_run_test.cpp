#include "training/training_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::training {
namespace {

// Learns y = 3x from noise drawn per step and worker.
struct Problem {
  std::vector<torch::nn::Linear> replicas;
  std::vector<Modules> modules;
  RunHooks hooks;

  explicit Problem(int64_t workers) {
    torch::manual_seed(4);
    for (int64_t i = 0; i < workers; ++i) replicas.emplace_back(1, 1);
    for (auto& replica : replicas) modules.push_back({replica.get()});
    hooks.log = [](const std::string&) {};
    hooks.loss = [this](const StepContext& context) {
      std::normal_distribution<float> normal;
      const at::Tensor x = at::full({4, 1}, normal(*context.random));
      const at::Tensor y = replicas[static_cast<size_t>(context.worker)]->forward(x);
      const at::Tensor loss = (y - 3.0 * x).square().mean();
      return Loss{loss, {{"loss", loss.item<double>()}}};
    };
  }
  double weight() const { return replicas.front()->weight.item<double>(); }
};

RunOptions options(const std::filesystem::path& output, int64_t steps) {
  RunOptions result;
  result.output = output;
  result.steps = steps;
  result.workers = 2;
  result.batch_per_worker = 4;
  result.checkpoint_every = 10;
  result.adam.learning_rate = 0.05;
  result.adam.decay_share = 0;
  result.adam.average_decay = 0.9;
  return result;
}

TEST(TrainingRun, Learns) {
  const testing::TemporaryFolder folder;
  Problem problem(2);
  run_training(options(folder / "run", 300), problem.modules, {}, problem.hooks);
  EXPECT_NEAR(problem.weight(), 3.0, 0.1);
  EXPECT_THAT(testing::read_file(folder / "run" / "log.tsv"), ::testing::HasSubstr("step 300"));
}

TEST(TrainingRun, ResumedRunEqualsAnUninterruptedOne) {
  const testing::TemporaryFolder folder;
  Problem whole(2), first(2), second(2);
  run_training(options(folder / "whole", 40), whole.modules, {}, whole.hooks);
  int64_t steps = 0;
  first.hooks.stop_requested = [&steps] { return ++steps == 20; };
  run_training(options(folder / "parts", 40), first.modules, {}, first.hooks);
  run_training(options(folder / "parts", 40), second.modules, {}, second.hooks);
  EXPECT_NE(first.weight(), whole.weight());
  EXPECT_DOUBLE_EQ(second.weight(), whole.weight());
}

TEST(TrainingRun, RefusesACheckpointOfAnotherNetwork) {
  const testing::TemporaryFolder folder;
  Problem problem(1);
  RunOptions run = options(folder / "run", 5);
  run.workers = 1;
  run_training(run, problem.modules, {}, problem.hooks);
  torch::nn::Linear other(7, 7);
  EXPECT_THROW(run_training(run, {{other.get()}}, {}, problem.hooks), Error);
}

TEST(TrainingRun, PassesOnAWorkersError) {
  const testing::TemporaryFolder folder;
  Problem problem(2);
  problem.hooks.loss = [](const StepContext& context) -> Loss {
    if (context.worker == 1) throw Error("broken sample");
    return {at::zeros({1}).requires_grad_().sum(), {}};
  };
  EXPECT_THROW(run_training(options(folder / "run", 5), problem.modules, {}, problem.hooks), Error);
}

TEST(TrainingRun, RefusesImpossibleNumbers) {
  RunOptions run;
  run.steps = 0;
  EXPECT_THROW(run.check(), Error);
}

}  // namespace
}  // namespace toonmirror::training
