// Finding the latents of a picture by optimising them (Karras et al. 2020, "Analyzing and Improving the Image
// Quality of StyleGAN", appendix D), with the schedule of NVlabs/stylegan2-ada-pytorch projector.py.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "nets/stylegan2.h"

namespace toonmirror::training {

struct ProjectorOptions {
  int64_t steps = 1000;
  bool each_row = true;  // W+: every row of its own; false: W, the same for all
  double learning_rate = 0.1;
  double ramp_up = 0.05;              // first share of the run, in which the rate rises
  double ramp_down = 0.25;            // last share, in which it falls as a cosine
  double latent_noise = 0.05;         // added to the latents, in standard deviations of w; fades away
  double latent_noise_share = 0.75;   // until this share of the run
  double noise_regularisation = 1e5;  // keeps the noise pictures white; of generators that have them
  uint64_t random_seed = 303;
  // Folder of the perceptual network (losses.h). Empty: pictures are compared at 256, 64 and 16 px by their
  // values and gradients alone, which is blurrier.
  std::filesystem::path nets;
  // The state is written there every so often and removed at the end; a file of an earlier run is continued.
  // Empty: never.
  std::filesystem::path state;
  int64_t state_every = 50;
};

struct ProjectorStep {
  int64_t step = 0;  // 1 … steps
  double distance = 0;
};

struct ProjectorHooks {
  std::function<void(const ProjectorStep&)> after_step;
  // Of the finished picture and of those on the way, [3, R, R]; may be absent.
  std::function<void(int64_t step, const at::Tensor& picture)> picture;
  int64_t picture_every = 100;
  // Asked at every step; when true the state is written and std::nullopt returned.
  std::function<bool()> stop_requested;
};

// W+ [1, latent_count, w_dim] whose picture is nearest to `target` ([1, 3, R, R] RGB in [-1, 1], R the
// generator's resolution). `z` [many, z_dim] standard normal: what mean and spread of w are taken from. The
// generator's noise pictures are changed. Throws Error for other shapes and for a state of another task.
std::optional<at::Tensor> project(nets::Generator generator, const at::Tensor& target, const at::Tensor& z,
                                  const ProjectorOptions& options, const ProjectorHooks& hooks);

}  // namespace toonmirror::training
