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

// The steps of the last half of a run over those of its first half.
double late_over_early(const RunOptions& run) {
  torch::nn::Linear learned(1, 1);
  std::vector<double> places;
  RunHooks hooks;
  hooks.log = [](const std::string&) {};
  hooks.loss = [&](const StepContext&) {
    places.push_back(learned->weight.item<double>());
    return Loss{learned->weight.sum(), {}};  // a slope that never ends
  };
  run_training(run, {{learned.get()}}, {}, hooks);
  const size_t half = places.size() / 2;
  return (places.back() - places[half]) / (places[half] - places.front());
}

TEST(TrainingRun, HoldsTheRateOfACallThatOthersFollow) {
  const testing::TemporaryFolder folder;
  RunOptions run = options(folder / "falls", 200);
  run.workers = 1;
  run.adam.warmup_steps = 1;
  run.adam.decay_share = 0.5;
  EXPECT_LT(late_over_early(run), 0.8);
  run.output = folder / "held";
  run.hold_rate = true;
  EXPECT_NEAR(late_over_early(run), 1.0, 0.1);
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

TEST(TrainingRun, CriticsOfAnotherShapeBeginAnew) {
  const testing::TemporaryFolder folder;
  Problem problem(1);
  RunOptions run = options(folder / "run", 5);
  run.workers = 1;
  torch::nn::Linear small(1, 1), large(3, 3);
  problem.hooks.critic_loss = [](const StepContext&) { return Loss{}; };
  run_training(run, problem.modules, {{small.get()}}, problem.hooks);
  const double before = problem.weight();
  run.steps = 10;
  Problem resumed(1);
  resumed.hooks.critic_loss = problem.hooks.critic_loss;
  std::vector<std::string> lines;
  resumed.hooks.log = [&lines](const std::string& line) { lines.push_back(line); };
  run_training(run, resumed.modules, {{large.get()}}, resumed.hooks);
  EXPECT_THAT(lines.front(), ::testing::HasSubstr("resumed at step 5"));
  EXPECT_NE(resumed.weight(), before);
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
