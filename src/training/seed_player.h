// Seeds that take part in the training of the face model: nobody knows how they should look, but critics can
// tell whether they look like photos.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "nets/stylegan2.h"
#include "training/latent_moments.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct SeedOptions {
  double share = 0;            // seeds for each photo of a batch, 0 … 4; above 0 at least one a batch
  bool learn_mapping = false;  // else the mapping network stays as it is
  // How much the distribution of seeds' w is held to that of photos' (moment_distance). Critics would
  // otherwise move it to where pictures are easily drawn.
  double moment_weight = 1.0;
  // Latents of photos that it is compared with, at least 2: the last ones of each worker. The mapping learns
  // once they are all there.
  int64_t memory = 512;
};

// Normal numbers, which depend on `random` alone.
at::Tensor normal_numbers(at::IntArrayRef shape, std::mt19937_64& random);

// W+ [count, latent_count, w_dim] of seeds at psi 1. About half of them mix two: the rows from a random one
// on are the second's (Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial
// Networks", section 3.1), so that rows do not rely on each other.
at::Tensor seed_latents(nets::Generator& generator, int64_t count, std::mt19937_64& random);

class SeedPlayer {
 public:
  SeedPlayer(const SeedOptions& options, int64_t workers);

  bool plays() const { return options_.share > 0; }
  // Tells it the latents of the worker's photos, [N, w_dim].
  void remember(const at::Tensor& w, const StepContext& context);
  // W+ [S, latent_count, w_dim] of the seeds beside `photos` photos; gradients lead into the mapping network
  // only if it learns.
  at::Tensor draw(nets::Generator& generator, int64_t photos, const StepContext& context) const;
  // What holds the mapping network to the photos, added to the loss; nothing while it does not learn.
  void add_moments(Loss& loss, nets::Generator& generator, const StepContext& context) const;

 private:
  bool mapping_learns(const StepContext& context) const;
  const LatentMemory& memory_of(const StepContext& context) const {
    return memories_[static_cast<size_t>(context.worker)];
  }

  SeedOptions options_;
  std::vector<LatentMemory> memories_;  // one per worker
};

}  // namespace toonmirror::training
