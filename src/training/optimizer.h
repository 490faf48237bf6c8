// Adam with warm-up, decay, gradient clipping and an exponential moving average, over one flat vector that
// holds all parameters of the trained modules. Several workers, each with its own copy of the modules' graph
// but the same weights, compute gradients for a share of the batch.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "checkpoint/safetensors.h"

namespace toonmirror::training {

struct AdamOptions {
  double learning_rate = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double clip_norm = 1.0;  // of the whole gradient
  int64_t warmup_steps = 100;
  double decay_share = 0.4;  // the last share of the run, over which the rate falls linearly to a twentieth
  double average_decay = 0.998;  // of the moving average of the weights
};

// The parameters of `modules` moved into one vector; the modules keep working on views of it.
class FlatParameters {
 public:
  explicit FlatParameters(const std::vector<torch::nn::Module*>& modules);

  // Lets another set of the same modules use these weights, with a gradient of its own. Returns that
  // gradient, flat.
  at::Tensor share_with(const std::vector<torch::nn::Module*>& modules);

  // Gives the modules weights of their own again, with the present values, and takes their gradients away.
  static void release(const std::vector<torch::nn::Module*>& modules);

  at::Tensor& values() { return values_; }

 private:
  at::Tensor values_;
  std::vector<std::vector<int64_t>> shapes_;
};

class Adam {
 public:
  Adam(const AdamOptions& options, const at::Tensor& values);

  // One step on `values` with gradient `gradient`; `progress` in [0, 1] is the share of the run that is done.
  // Steps with a gradient that is not finite are skipped. Returns the norm of the gradient before clipping.
  double step(at::Tensor& values, const at::Tensor& gradient, double progress);

  const at::Tensor& average() const { return average_; }
  int64_t skipped_steps() const { return skipped_; }

  checkpoint::NamedTensors state() const;
  void restore(const checkpoint::NamedTensors& state);

 private:
  // One pass over memory, which is what an optimiser's step costs: value −= rate · m / (√v / second_scale +
  // ε), the average moves by `average_share` towards the result.
  void update(at::Tensor& values, const at::Tensor& gradient, double clip, double rate, double second_scale,
              double average_share);

  AdamOptions options_;
  at::Tensor first_, second_, average_;
  int64_t steps_ = 0, skipped_ = 0;
};

}  // namespace toonmirror::training
