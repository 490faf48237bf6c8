// The loop every trainer shares: workers, logging, sheets, checkpoints, resuming.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "training/optimizer.h"

namespace toonmirror::training {

// Of the checkpoint in a run's folder.
inline constexpr const char* kCheckpointName = "checkpoint.safetensors";

struct RunOptions {
  std::filesystem::path
      output;  // folder for log.tsv, sheets and checkpoint.safetensors; created when missing
  int64_t steps = 10'000;
  double max_minutes = 0;  // of this call; 0: no limit. The rate decays towards whichever end comes first.
  // For a run in several calls: the rate does not decay, and progress goes by the steps alone, so that it
  // does not begin anew with each call.
  bool hold_rate = false;
  int64_t workers = 2;  // threads, each with its share of the batch
  int64_t batch_per_worker = 8;
  int64_t log_every = 50;
  int64_t sheet_every = 500;
  int64_t checkpoint_every = 250;
  uint64_t seed = 1;
  AdamOptions adam;
  AdamOptions critic_adam = {.learning_rate = 4e-3, .beta1 = 0.0};

  void check() const;  // throws Error when a number is out of range
};

// One worker's loss for one step: the tensor to minimise and the figures to log.
struct Loss {
  at::Tensor total;
  std::map<std::string, double> figures;
};

struct StepContext {
  int64_t step = 0;
  double progress = 0;  // 0 … 1
  int64_t worker = 0;
  std::mt19937_64* random = nullptr;
};

// Draws a worker's batch and returns its loss; called in the worker's thread.
using LossFunction = std::function<Loss(const StepContext&)>;
// Writes a picture [3, H, W] float in [-1, 1]; the folder and format are the caller's business.
using PictureWriter = std::function<void(const std::filesystem::path&, const at::Tensor&)>;

struct RunHooks {
  LossFunction loss;
  // Called with the averaged weights in place: draws a sheet into that file.
  std::function<void(const std::filesystem::path&)> sheet;
  std::function<void(const std::string&)> log;  // one line of progress
  // The critic's loss on what the same worker's last call of `loss` left for it; an undefined total means
  // that it rests.
  LossFunction critic_loss;
  std::function<bool()> stop_requested;  // asked between steps: true ends the run after a checkpoint
};

using Modules = std::vector<torch::nn::Module*>;

// Trains `replicas[0]` (all replicas hold the same modules; one per worker) and leaves the averaged weights
// in it. Resumes from output/checkpoint.safetensors when there is one. Throws Error on an unwritable folder
// or a checkpoint of another network.
void run_training(const RunOptions& options, const std::vector<Modules>& replicas,
                  const std::vector<Modules>& critics, const RunHooks& hooks);

}  // namespace toonmirror::training
