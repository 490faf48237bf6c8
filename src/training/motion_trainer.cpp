#include "training/motion_trainer.h"

#include <algorithm>
#include <array>
#include <numbers>

#include "checkpoint/checkpoint_file.h"
#include "nets/find_networks.h"
#include "nets/mesh_key_points.h"
#include "nets/mixed_precision.h"
#include "nets/model_file.h"
#include "training/generator_trainer.h"
#include "training/picture_loss.h"

namespace toonmirror::training {
namespace {

constexpr double kLandmarkSize_px = 256;
constexpr int64_t kSheetColumns = 8;

// Random affine maps of the plane, [N, 2, 3] over [-1, 1]².
at::Tensor random_affine(int64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> symmetric(-1.0, 1.0);
  at::Tensor result = at::empty({count, 2, 3});
  auto rows = result.accessor<float, 3>();
  for (int64_t n = 0; n < count; ++n) {
    const double angle = symmetric(random) * 20.0 * std::numbers::pi / 180.0;
    const double zoom = std::exp2(0.2 * symmetric(random)), stretch = std::exp2(0.1 * symmetric(random));
    const double shear = 0.1 * symmetric(random);
    const double c = std::cos(angle), s = std::sin(angle);
    rows[n][0][0] = static_cast<float>(zoom * stretch * c);
    rows[n][0][1] = static_cast<float>(zoom * (shear * c - s));
    rows[n][0][2] = static_cast<float>(0.15 * symmetric(random));
    rows[n][1][0] = static_cast<float>(zoom * stretch * s);
    rows[n][1][1] = static_cast<float>(zoom * (shear * s + c));
    rows[n][1][2] = static_cast<float>(0.15 * symmetric(random));
  }
  return result;
}

// Eyes and mouth are small and matter most: [N, 1, R, R], 1 elsewhere.
at::Tensor feature_weights(const at::Tensor& landmarks, int64_t size_px) {
  constexpr double kMore = 8.0, kSigma = 0.045;  // in units of half the picture
  const at::Tensor points = at::cat({landmarks.slice(1, 36, 48), landmarks.slice(1, 48, 68, 2)}, 1);
  const at::Tensor places = points * (2.0 / (kLandmarkSize_px - 1)) - 1.0;
  const at::Tensor blobs = nets::gaussians(places, size_px, size_px, kSigma * kSigma);
  return 1.0 + kMore * std::get<0>(blobs.max(1, /*keepdim=*/true));
}

struct Equivariance {
  at::Tensor value, jacobian;
};

// Key points of a picture seen through a known map have to be where that map puts them (section 3.1,
// equations 9 to 11). `detected` are those of `pictures`.
Equivariance equivariance_of(nets::KeyPointDetector& detector, const at::Tensor& pictures,
                             const nets::KeyPoints& detected, std::mt19937_64& random) {
  const at::Tensor map = random_affine(pictures.size(0), random);
  const at::Tensor grid = at::affine_grid_generator(map, pictures.sizes(), /*align_corners=*/true);
  const at::Tensor seen = at::grid_sampler(pictures, grid, 0, /*padding_mode=reflection*/ 2, true);
  const nets::KeyPoints found = detector->forward(seen.contiguous(at::MemoryFormat::ChannelsLast));
  const c10::impl::ExcludeDispatchKeyGuard in_float(c10::autocast_dispatch_keyset);
  const at::Tensor linear = map.slice(2, 0, 2), shift = map.slice(2, 2, 3);
  const at::Tensor back = at::matmul(found.value, linear.transpose(1, 2)) + shift.transpose(1, 2);
  const at::Tensor expected = at::matmul(linear.unsqueeze(1), found.jacobian);
  const at::Tensor ratio =
      at::matmul(nets::inverse_2x2(detected.jacobian), expected.to(at::kDouble)).to(at::kFloat);
  return {(detected.value - back).abs().mean(), (at::eye(2) - ratio).abs().mean()};
}

// Of a share of the pictures the learned key points of the source instead of the driving's.
nets::KeyPoints partly_at_rest(const nets::KeyPoints& source, const nets::KeyPoints& driving, double share,
                               std::mt19937_64& random) {
  std::bernoulli_distribution rests(share);
  at::Tensor rest = at::zeros({driving.count(), 1, 1});
  for (int64_t n = 0; n < driving.count(); ++n) rest[n].fill_(rests(random) ? 1.0F : 0.0F);
  return {driving.value + rest * (source.value - driving.value),
          driving.jacobian + rest.unsqueeze(3) * (source.jacobian - driving.jacobian), driving.mesh};
}

// A batch-normalised network with other weights than it ran with has the wrong statistics.
void measure_statistics(nets::MotionModel& model, const ClipPack& pack, int64_t batches, uint64_t seed) {
  constexpr int64_t kPairs = 8;
  const at::NoGradGuard no_grad;
  std::vector<torch::nn::BatchNorm2dImpl*> norms;
  for (const auto& module : model->modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2dImpl>()) norms.push_back(norm);
  }
  for (auto* norm : norms) {
    norm->reset_running_stats();
    norm->options.momentum(c10::nullopt);  // a plain average over all batches
  }
  model->train();
  std::mt19937_64 random(seed);
  for (int64_t i = 0; i < batches; ++i) {
    const FramePairs pairs = pack.random_pairs(kPairs, random);
    model->render(model->encode_source(pairs.source.pictures, pairs.source.meshes),
                  model->detect(pairs.driving.pictures, pairs.driving.meshes));
  }
  model->eval();
}

}  // namespace

nets::MotionModelOptions house_motion_options() {
  nets::MotionModelOptions options;
  options.mesh_kp = nets::kMeshKeyPoints;
  options.num_kp = options.mesh_kp + 6;
  options.kp_detector.hourglass = {.block_expansion = 32, .max_features = 128, .num_blocks = 4};
  options.kp_detector.pad = 3;
  options.generator.block_expansion = 24;
  options.generator.max_features = 96;
  options.generator.num_bottleneck_blocks = 3;
  options.generator.warped_skips = 1;
  options.generator.blend_source = true;
  options.generator.dense_motion.hourglass = {
      .block_expansion = 64, .max_features = 128, .num_blocks = 3, .scale_factor = 0.125};
  return options;
}

namespace {

// What of an earlier model has the same name and shape.
void begin_with(nets::MotionModel& model, const std::filesystem::path& earlier) {
  const checkpoint::CheckpointFile file(earlier);
  nets::MotionModel from = nets::open_motion_model(file);
  const checkpoint::NamedTensors theirs = nets::named_tensors(*from);
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : nets::named_tensors(*model)) {
    const auto found = theirs.find(name);
    if (found != theirs.end() && found->second.sizes() == tensor.sizes())
      at::Tensor(tensor).copy_(found->second);
  }
}

}  // namespace

nets::MotionModel train_motion(const MotionTrainingOptions& options, RunHooks hooks,
                               const PictureWriter& write_picture) {
  const ClipPack pack(options.clips);
  const at::ScalarType type = training_type(options.precision);
  const PerceptualLoss perceptual(options.nets, type);
  torch::manual_seed(options.run.seed);
  std::vector<nets::MotionModel> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.emplace_back(house_motion_options());
    modules.push_back({replicas.back().get()});
    if (!options.start.empty()) begin_with(replicas.back(), options.start);
  }

  hooks.loss = [&](const StepContext& context) {
    const nets::MixedPrecision mixed(type);
    nets::MotionModel& model = replicas[static_cast<size_t>(context.worker)];
    model->train();
    const int64_t count = options.run.batch_per_worker;
    const FramePairs pairs = pack.random_pairs(count, *context.random);
    const nets::KeyPoints both = model->detect(
        at::cat({pairs.source.pictures, pairs.driving.pictures}).contiguous(at::MemoryFormat::ChannelsLast),
        at::cat({pairs.source.meshes, pairs.driving.meshes}));
    const auto part = [&](int64_t first) {
      const auto rows = [&](const at::Tensor& x) { return x.narrow(0, first, count); };
      return nets::KeyPoints{rows(both.value), rows(both.jacobian), rows(both.mesh)};
    };
    const nets::KeyPoints driving = partly_at_rest(part(0), part(count), options.at_rest, *context.random);
    const int64_t size_px = context.progress < options.half_size_share ? 128 : 256;
    nets::MotionGenerator& generator = model->generator();
    nets::EncodedSource source;
    source.picture = at_size(pairs.source.pictures, size_px);
    source.small = generator->dense_motion()->downscale(pairs.source.pictures);
    source.key_points = part(0);
    generator->encode(source);
    const at::Tensor output = model->render(source, driving).to(at::kFloat);

    const at::Tensor target = at_size(pairs.driving.pictures, size_px);
    const at::Tensor l1 =
        ((output - target).abs() * feature_weights(pairs.driving.landmarks, size_px)).mean();
    at::Tensor look;
    for (const int64_t scale : {size_px, size_px / 2}) {
      const at::Tensor distance =
          perceptual(at_size(output, scale) * 2.0 - 1.0, at_size(target, scale) * 2.0 - 1.0);
      look = look.defined() ? look + distance : distance;
    }
    const Equivariance same =
        equivariance_of(model->key_point_detector(), pairs.driving.pictures, part(count), *context.random);
    Loss loss;
    loss.total = options.l1 * l1 + options.perceptual * look + options.equivariance * same.value +
                 options.jacobian_equivariance * same.jacobian;
    loss.figures = {{"l1", l1.item<double>()},
                    {"perceptual", look.item<double>()},
                    {"equivariance", same.value.item<double>()},
                    {"jacobian", same.jacobian.item<double>()}};
    return loss;
  };
  hooks.critic_loss = [](const StepContext&) { return Loss{}; };

  const std::vector<ClipPack::Range>& clips =
      pack.held_out_clips().empty() ? pack.training_clips() : pack.held_out_clips();
  std::vector<int64_t> first_rows, other_rows;
  for (int64_t i = 0; i < kSheetColumns; ++i) {
    const auto [first, length] = clips[static_cast<size_t>(i) * clips.size() / kSheetColumns];
    first_rows.push_back(first);
    other_rows.push_back(first + length * 2 / 3);
  }
  const Frames shown = pack.frames(first_rows), wanted = pack.frames(other_rows);
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    nets::MotionModel& model = replicas.front();
    nets::MotionMaps maps;
    const at::Tensor output =
        model->render(model->encode_source(shown.pictures, shown.meshes),
                      model->detect(wanted.pictures, wanted.meshes), /*align_corners=*/true, &maps);
    write_picture(path, tile_rows({shown.pictures, wanted.pictures, output, maps.deformed}) * 2.0 - 1.0);
  };
  run_training(options.run, modules, {}, hooks);
  nets::MotionModel& model = replicas.front();
  measure_statistics(model, pack, options.statistics_batches, options.run.seed);
  return model;
}

}  // namespace toonmirror::training
