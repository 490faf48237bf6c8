#include "training/mapping_trainer.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/interrupt.h"
#include "nets/layers.h"
#include "nets/model_file.h"
#include "training/generator_trainer.h"
#include "training/tally.h"

namespace toonmirror::training {
namespace {

constexpr size_t kEncodeBatch = 32;
constexpr int64_t kSheetColumns = 8;
constexpr int64_t kCheckedSeedCount = 1000;  // of the log's figure
constexpr int64_t kJudgedSeedCount = 2000;   // of the figures in the end
constexpr int64_t kJudgedFlowSteps = 24;
constexpr int64_t kNearestCount = 256;
constexpr double kLeak = 0.2;  // of the mapping's activation below zero
// Eigenfaces beyond these, drawn independently of each other, make double exposures and not faces.
constexpr int64_t kMostAxes = 48;

using LogLine = std::function<void(const std::string&)>;

// Of random numbers that are to be the same in every run, and never those that a mapping learns from.
enum FixedSeeds : uint64_t { kCheckedSeeds = 1, kJudgedSeeds = 2, kFirstLearnedSeeds = 1000 };

// Seeds as the first layer of a mapping gets them, and the whitened coordinates that the flow makes of them.
struct Seeds {
  at::Tensor normal;       // [N, z_dim]
  at::Tensor coordinates;  // [N, w_dim]
};

at::Tensor normalised(const at::Tensor& z) {
  return z * (z.square().mean(1, /*keepdim=*/true) + 1e-8).rsqrt();
}

Seeds draw_seeds(const LatentFlow& flow, int64_t count, int64_t z_dim, uint64_t seed, int64_t flow_steps) {
  const at::Generator random = at::detail::createCPUGenerator(seed);
  Seeds seeds;
  seeds.normal = normalised(at::randn({count, z_dim}, random));
  seeds.coordinates = flow.coordinates(seeds.normal, flow_steps);
  return seeds;
}

// Those that the mapping learns.
Seeds draw_pool(const MappingTrainingOptions& options, const LatentFlow& flow, int64_t z_dim,
                const LogLine& log) {
  constexpr int64_t kBatch = 500;
  const int64_t batches = std::max<int64_t>(1, options.pairs / kBatch);
  Seeds pool = {at::empty({batches * kBatch, z_dim}),
                at::empty({batches * kBatch, flow.axes().spread.size(0)})};
  Tally tally(log, "seeds taken through the flow", batches * kBatch);
  for (int64_t batch = 0; batch < batches; ++batch) {
    throw_if_interrupted();
    const Seeds drawn = draw_seeds(flow, kBatch, z_dim, kFirstLearnedSeeds + static_cast<uint64_t>(batch),
                                   options.flow_steps);
    pool.normal.narrow(0, batch * kBatch, kBatch).copy_(drawn.normal);
    pool.coordinates.narrow(0, batch * kBatch, kBatch).copy_(drawn.coordinates);
    tally.add(kBatch);
  }
  return pool;
}

bool is_finished(const RunOptions& run) {
  const std::filesystem::path path = run.output / kCheckpointName;
  if (!std::filesystem::exists(path)) return false;
  return std::stoll(checkpoint::SafetensorsFile(path).required_metadata("step")) >= run.steps;
}

// Makes two layers linear together, in spite of the activations behind both: what the first one's folds, the
// second one's unfolds, φ(−φ(−x) / (2 · leak)) = x for φ(x) = √2 · lrelu(x).
void set_linear(nets::FullyConnected& first, nets::FullyConnected& second, const at::Tensor& matrix,
                const at::Tensor& offset) {
  const int64_t width = matrix.size(0);
  first->set(-matrix, -offset);
  second->set(at::eye(width) * (-0.5 / kLeak), at::zeros({width}));
}

// The Gaussian of the latents' mean and covariance. Learning goes on from there at once, as half of the units
// are on either side of their kinks.
void begin_as_gaussian(const LatentFlow& flow, const nets::GeneratorOptions& options,
                       nets::Mapping& mapping) {
  const int64_t width = options.w_dim;
  const auto layers = static_cast<size_t>(options.mapping_layers);
  for (size_t i = 0; i + 2 < layers; i += 2) {
    const int64_t in = i == 0 ? options.z_dim : width;
    set_linear(mapping->layer(i), mapping->layer(i + 1), at::eye(width, in), at::zeros({width}));
  }
  const LatentAxes& axes = flow.axes();
  at::Tensor directions = axes.vectors * axes.spread;  // [w_dim, w_dim]
  directions.narrow(1, axes.leading, width - axes.leading).mul_(flow.rest());
  const int64_t in = layers == 2 ? options.z_dim : width;
  set_linear(mapping->layer(layers - 2), mapping->layer(layers - 1),
             at::matmul(directions, at::eye(width, in)), axes.mean);
  mapping->w_avg.copy_(axes.mean);
}

at::Tensor weighted_loss(const LatentAxes& axes, nets::Mapping& mapping, const Seeds& seeds) {
  const at::Tensor errors = axes.whiten(mapping->forward(seeds.normal)) - seeds.coordinates;
  return (errors.square() * axes.weights(errors.size(1))).mean();
}

nets::Generator with_mapping(const nets::Mapping& mapping, int64_t layers, double lr_multiplier,
                             const nets::Generator& generator) {
  nets::GeneratorOptions options = generator->options();
  options.mapping_layers = layers;
  options.mapping_lr_multiplier = lr_multiplier;
  checkpoint::NamedTensors tensors = nets::named_tensors(*generator);
  std::erase_if(tensors, [](const auto& item) { return item.first.starts_with("mapping."); });
  for (const auto& [name, tensor] : nets::named_tensors(*mapping)) tensors["mapping." + name] = tensor;
  const nets::WithoutInitialisation assigned_next;
  const at::NoGradGuard no_grad;
  nets::Generator result(options);
  nets::assign_tensors(*result, std::move(tensors), "a generator with another mapping");
  result->eval();
  return result;
}

// Portraits [N, 3, H, W] from w alone.
at::Tensor portraits(nets::Generator& generator, const at::Tensor& w) {
  return generator->synthesize(w.unsqueeze(1).repeat({1, generator->options().latent_count(), 1}));
}

at::Tensor covariance_of(const at::Tensor& x) {
  const at::Tensor centred = x - x.mean(0);
  return at::matmul(centred.t(), centred) / static_cast<double>(x.size(0));
}

}  // namespace

EncodedPhotos encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> w, w_plus;
  pack.for_each_batch(pack.training_rows(), kEncodeBatch, [&](const Batch& batch) {
    const nets::HouseEncoding code = encoder->forward(batch.photo.to(type), /*parse=*/false);
    w.push_back(code.w);
    w_plus.push_back(code.w_plus());
  });
  return {at::cat(w), at::cat(w_plus)};
}

double fit_mapping(const at::Tensor& latents, nets::Generator& generator) {
  const nets::GeneratorOptions& options = generator->options();
  if (options.mapping_layers != 2) throw Error("only a mapping network of two layers can be fitted");
  const at::NoGradGuard no_grad;
  // What the last layer has to give before its activation, lrelu(0.2) · √2.
  const at::Tensor before = at::where(latents > 0, latents, latents / kLeak) / nets::kSqrt2;
  const at::Tensor mean = before.mean(0);
  const at::Tensor centred = before - mean;
  const auto [values, vectors] =
      at::linalg_eigh(at::matmul(centred.t(), centred) / static_cast<double>(latents.size(0)));
  const int64_t axes = std::min({options.z_dim, options.w_dim / 2, kMostAxes});
  const at::Tensor spread = values.narrow(0, values.size(0) - axes, axes).clamp_min(0).sqrt();
  const at::Tensor directions = vectors.narrow(1, vectors.size(1) - axes, axes) * spread;  // [w_dim, axes]

  // The first layer hands on z and −z, because lrelu(x) − lrelu(−x) is linear.
  const at::Tensor pass = at::eye(axes, options.z_dim);
  const double gain = 1.0 / (nets::kSqrt2 * (1.0 + kLeak));
  at::Tensor first = at::zeros({options.w_dim, options.z_dim});
  first.narrow(0, 0, axes).copy_(pass);
  first.narrow(0, axes, axes).copy_(-pass);
  at::Tensor second = at::zeros({options.w_dim, options.w_dim});
  second.narrow(1, 0, axes).copy_(directions * gain);
  second.narrow(1, axes, axes).copy_(-directions * gain);
  generator->mapping->layer(0)->set(first, at::zeros({options.w_dim}));
  generator->mapping->layer(1)->set(second, mean);
  generator->mapping->w_avg.copy_(latents.mean(0));
  return (spread.square().sum() / values.sum()).item<double>();
}

nets::Generator distil_flow(const MappingTrainingOptions& options, const LatentFlow& flow,
                            const LatentSet& latents, nets::Generator generator, RunHooks hooks,
                            const PictureWriter& write_picture) {
  if (options.layers < 2 || options.layers % 2 != 0) {
    throw Error("a mapping network is distilled with an even number of layers, not " +
                std::to_string(options.layers));
  }
  const LatentAxes& axes = flow.axes();
  nets::GeneratorOptions architecture = generator->options();
  architecture.mapping_layers = options.layers;
  architecture.mapping_lr_multiplier = options.lr_multiplier;
  std::vector<nets::Mapping> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.emplace_back(architecture);
    modules.push_back({replicas.back().get()});
  }
  {
    const at::NoGradGuard no_grad;
    begin_as_gaussian(flow, architecture, replicas.front());
  }
  const int64_t z_dim = architecture.z_dim;
  const Seeds checked = draw_seeds(flow, kCheckedSeedCount, z_dim, kCheckedSeeds, options.flow_steps);
  const Seeds pool = is_finished(options.run) ? checked : draw_pool(options, flow, z_dim, hooks.log);

  double fresh = std::numeric_limits<double>::quiet_NaN();
  hooks.loss = [&](const StepContext& context) {
    const at::Generator random = at::detail::createCPUGenerator((*context.random)());
    const at::Tensor rows = at::randint(pool.normal.size(0), {options.run.batch_per_worker}, random,
                                        at::TensorOptions(at::kLong));
    const Seeds batch = {pool.normal.index_select(0, rows), pool.coordinates.index_select(0, rows)};
    Loss loss;
    loss.total = weighted_loss(axes, replicas[static_cast<size_t>(context.worker)], batch);
    loss.figures["mapping"] = loss.total.item<double>();
    if (std::isfinite(fresh)) loss.figures["fresh"] = fresh;
    return loss;
  };

  const at::Tensor people = latents.held_out.size(0) > 0 ? latents.held_out : latents.training;
  const int64_t columns = std::min(kSheetColumns, people.size(0));
  const at::Tensor shown = checked.normal.narrow(0, 0, columns);
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    nets::Mapping& mapping = replicas.front();
    fresh = weighted_loss(axes, mapping, checked).item<double>();
    const at::Tensor goal = axes.unwhiten(checked.coordinates.narrow(0, 0, columns));
    write_picture(
        path, tile_rows({portraits(generator, people.narrow(0, 0, columns)),
                         portraits(generator, generator->mapping->forward(shown)), portraits(generator, goal),
                         portraits(generator, mapping->forward(shown))}));
  };
  run_training(options.run, modules, {}, hooks);
  return with_mapping(replicas.front(), options.layers, options.lr_multiplier, generator);
}

Unexplained unexplained(const LatentFlow& flow, nets::Mapping mapping, int64_t z_dim) {
  const at::NoGradGuard no_grad;
  const LatentAxes& axes = flow.axes();
  const Seeds seeds = draw_seeds(flow, kJudgedSeedCount, z_dim, kJudgedSeeds, kJudgedFlowSteps);
  const at::Tensor error = (axes.whiten(mapping->forward(seeds.normal)) - seeds.coordinates).square().mean(0);
  const at::Tensor variance = seeds.coordinates.var(0, /*unbiased=*/false);
  const auto share = [&](const at::Tensor& weights) {
    return ((error * weights).sum() / (variance * weights).sum()).item<double>();
  };
  return {share(axes.spread.square()), share(axes.spread)};
}

std::vector<SampleFigures> compare_samples(const LatentSet& latents, const LatentFlow& flow,
                                           nets::Mapping mapping, nets::Mapping before, int64_t z_dim) {
  const at::NoGradGuard no_grad;
  const LatentAxes& axes = latents.axes;
  const Seeds seeds = draw_seeds(flow, kJudgedSeedCount, z_dim, kJudgedSeeds, kJudgedFlowSteps);
  const at::Generator random = at::detail::createCPUGenerator(kJudgedSeeds);
  const at::Tensor drawn =
      at::randint(latents.training.size(0), {kJudgedSeedCount}, random, at::TensorOptions(at::kLong));
  const at::Tensor known = axes.whiten(latents.training).narrow(1, 0, axes.leading);
  const at::Tensor held_out = axes.whiten(latents.held_out).narrow(1, 0, axes.leading);
  const at::Tensor mean = latents.training.mean(0), covariance = covariance_of(latents.training);
  const double length = covariance.trace().sqrt().item<double>();
  const auto nearest = [&](const at::Tensor& samples) {
    const int64_t count = std::min(kNearestCount, samples.size(0));
    return std::get<0>(at::cdist(samples.narrow(0, 0, count), known).min(1)).median().item<double>();
  };
  const double nearest_of_people = nearest(held_out);
  const at::Tensor gaussian = at::randn({kJudgedSeedCount, mean.size(0)}, random);
  std::vector<SampleFigures> result;
  const auto judge = [&](const std::string& name, const at::Tensor& w) {
    const at::Tensor samples = axes.whiten(w).narrow(1, 0, axes.leading);
    result.push_back(
        {name, (w.mean(0) - mean).norm().item<double>() / length,
         (covariance_of(w) - covariance).norm().item<double>() / covariance.norm().item<double>(),
         energy_distance(samples, held_out), nearest(samples) / nearest_of_people});
  };
  judge("training photos", latents.training.index_select(0, drawn));
  judge("Gaussian", axes.unwhiten(gaussian));
  judge("flow", axes.unwhiten(seeds.coordinates));
  judge("mapping", mapping->forward(seeds.normal));
  judge("mapping before", before->forward(seeds.normal));
  return result;
}

nets::Generator with_mapping_of(const nets::Generator& source, const nets::Generator& generator) {
  return with_mapping(source->mapping, source->options().mapping_layers,
                      source->options().mapping_lr_multiplier, generator);
}

void save_child_again(const checkpoint::CheckpointFile& file, const nets::Generator& before,
                      const checkpoint::CheckpointFile& parent, const std::filesystem::path& output) {
  if (!nets::is_house_file(file, "generator") || !nets::may_share_latents(file, parent)) {
    throw Error(file.path().string() + ": is no child of the family " + nets::family_of(parent));
  }
  nets::Generator child = nets::load_generator(file);
  const checkpoint::NamedTensors own = nets::named_tensors(*child->mapping);
  const checkpoint::NamedTensors parents = nets::named_tensors(*before->mapping);
  const bool shared = std::ranges::equal(own, parents, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.sizes() == b.second.sizes() &&
           at::equal(a.second.to(at::kHalf), b.second.to(at::kHalf));
  });
  if (shared) child = with_mapping_of(nets::load_generator(parent), child);
  checkpoint::Metadata metadata = file.metadata();
  // A parent's tensors that a child lacks are read into it: one with fewer layers in its mapping has to be
  // complete in itself.
  const bool leaves_out = shared && metadata.contains(kParentKey);
  for (const char* key : {kKindKey, kArchitectureKey, kFamilyKey, kParentKey, kParentChecksumKey}) {
    metadata.erase(key);
  }
  if (leaves_out) {
    nets::save_child(output, child, parent, metadata);
  } else {
    nets::save_network(output, child, nets::family_of(file), metadata);
  }
}

}  // namespace toonmirror::training
