// A generative model of the latents of encoded photos: where a Gaussian of the same mean and covariance has
// ghosts (a latent between two people is a double exposure of both), it has nobody.
//
// Flow matching (Liu et al. 2023, "Flow Straight and Fast"; Lipman et al. 2023, "Flow Matching for Generative
// Modeling"): a network learns the velocity by which normal numbers z move to data x1 on the way
//   x(a) = cos(a) · z + sin(a) · x1,  a from 0 to π/2
// (Albergo, Vanden-Eijnden 2023, "Building Normalizing Flows with Stochastic Interpolants"), which is the
// straight line but for a scale that depends on the time alone. Of whitened data x(a) and its velocity have
// unit variance and no correlation at any time, so that a network which says nothing stands for the Gaussian
// exactly, and all it learns is what a Gaussian lacks. The velocity of the straight line would be mostly the
// linear part that is known beforehand, and a predicted x1 is divided by the time that is left, which
// magnifies its errors where faces get their details.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "nets/layers.h"
#include "training/latent_set.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct FlowNetworkOptions {
  int64_t axes = 0;  // K
  int64_t width = 768;
  int64_t blocks = 4;
};

// A residual network: x [N, K] at angles [N] in 0 … π/2 → dx/da [N, K]. Gives zero until it is trained.
class FlowNetworkImpl : public torch::nn::Module {
 public:
  explicit FlowNetworkImpl(const FlowNetworkOptions& options);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& angle);
  // The same with a share of each block's numbers dropped, by a generator of the caller's.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& angle, double dropout,
                     const at::Generator& random);

 private:
  struct Block {
    nets::FullyConnected first, time, second;
  };
  at::Tensor run(const at::Tensor& x, const at::Tensor& angle, double dropout, const at::Generator* random);

  nets::FullyConnected in_{nullptr}, out_{nullptr};
  std::vector<Block> blocks_;
};
TORCH_MODULE(FlowNetwork);

class LatentFlow {
 public:
  // `rest`: what the spread along axes that do not lead is multiplied with. Independent of each other they are
  // grain in a picture.
  LatentFlow(LatentAxes axes, FlowNetwork network, double rest = 1.0)
      : axes_(std::move(axes)), network_(std::move(network)), rest_(rest) {}

  const LatentAxes& axes() const { return axes_; }
  double rest() const { return rest_; }

  // Standard normal numbers [N, Z], Z ≥ axes().leading → whitened coordinates [N, D]: the leading ones by so
  // many steps of Heun's method, each of which asks the network twice; the others are the numbers themselves
  // times rest(), zero beyond Z.
  at::Tensor coordinates(const at::Tensor& normal, int64_t steps = 12) const;
  at::Tensor latents(const at::Tensor& normal, int64_t steps = 12) const {
    return axes_.unwhiten(coordinates(normal, steps));
  }

 private:
  LatentAxes axes_;
  FlowNetwork network_;
  double rest_;
};

struct FlowTrainingOptions {
  RunOptions run;  // every sheet_every steps people who are held out are asked; no sheets are drawn
  int64_t width = 768;
  int64_t blocks = 4;
  // Against learning some thousand people by heart: the share of numbers dropped, and noise on the latents in
  // deviations, whose variance is kept.
  double dropout = 0.3;
  double noise = 0.2;
  bool take_best = true;  // false: the last weights, also where held-out latents liked earlier ones better
  double rest = 1.0;      // see LatentFlow
};

// Trains (or resumes) and returns the averaged weights; with take_best those that held-out latents liked best,
// which are in output/best.safetensors, so that a run that is too long does no harm. The loss is 1 for a Gaussian of the
// same mean and covariance; the log's held_out is the same figure of held-out latents by the averaged
// weights.
LatentFlow train_flow(const FlowTrainingOptions& options, const LatentSet& latents, RunHooks hooks);

}  // namespace toonmirror::training
