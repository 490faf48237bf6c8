#include "training/seed_player.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

namespace toonmirror::training {
namespace {

// Latents that the moments are taken from at each step. They cost two small layers and no picture, so that
// they can be drawn anew: what was drawn some steps ago is another mapping's.
constexpr int64_t kMomentSeeds = 128;

}  // namespace

at::Tensor normal_numbers(at::IntArrayRef shape, std::mt19937_64& random) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(random()));
}

at::Tensor seed_latents(nets::Generator& generator, int64_t count, std::mt19937_64& random) {
  const nets::GeneratorOptions& options = generator->options();
  const int64_t rows = options.latent_count();
  const at::Tensor z = normal_numbers({2 * count, options.z_dim}, random);
  const at::Tensor first = generator->map(z.narrow(0, 0, count)),
                   second = generator->map(z.narrow(0, count, count));
  std::bernoulli_distribution mixes(0.5);
  std::uniform_int_distribution<int64_t> crossover(1, rows - 1);
  at::Tensor from_second = at::zeros({count, rows, 1});
  for (int64_t n = 0; n < count; ++n) {
    const int64_t row = crossover(random);
    if (mixes(random)) from_second[n].slice(0, row, rows).fill_(1.0);
  }
  return first + (second - first) * from_second;
}

SeedPlayer::SeedPlayer(const SeedOptions& options, int64_t workers)
    : options_(options), memories_(static_cast<size_t>(workers), LatentMemory(options.memory)) {}

bool SeedPlayer::mapping_learns(const StepContext& context) const {
  return options_.learn_mapping && memory_of(context).full();
}

void SeedPlayer::remember(const at::Tensor& w, const StepContext& context) {
  if (options_.learn_mapping) memories_[static_cast<size_t>(context.worker)].add(w);
}

at::Tensor SeedPlayer::draw(nets::Generator& generator, int64_t photos, const StepContext& context) const {
  const int64_t count = std::max<int64_t>(1, std::llround(options_.share * static_cast<double>(photos)));
  const at::AutoGradMode learning(mapping_learns(context));
  return seed_latents(generator, count, *context.random);
}

void SeedPlayer::add_moments(Loss& loss, nets::Generator& generator, const StepContext& context) const {
  if (!mapping_learns(context)) return;
  const at::Tensor w = generator->mapping->forward(
      normal_numbers({kMomentSeeds, generator->options().z_dim}, *context.random));
  const MomentDistance apart = moment_distance(w, memory_of(context).latents());
  loss.total = loss.total + options_.moment_weight * (apart.mean + apart.second);
  loss.figures["seeds' mean"] = apart.mean.item<double>();
  loss.figures["seeds' covariance"] = apart.second.item<double>();
}

}  // namespace toonmirror::training
