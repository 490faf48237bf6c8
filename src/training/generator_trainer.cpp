#include "training/generator_trainer.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/usage_error.h"
#include "training/encoder_sight.h"
#include "training/house_start.h"
#include "training/parsing_loss.h"

namespace toonmirror::training {
namespace {

constexpr double kTruncatedPsi = 0.7;     // of a sheet's second row of seeds
constexpr int64_t kAveraged = 10'000;     // seeds that the mean of w is taken from
constexpr double kMostSeeds = 4;          // for each photo
constexpr int64_t kLargestSize_px = 256;  // of what is learned

KeptLayers kept_by(const GeneratorTrainingOptions& options) {
  if (options.keep_encoder) return KeptLayers::kAll;
  return options.keep_stages ? KeptLayers::kStages : KeptLayers::kNone;
}

// As the next frame of a video might show them: moved by up to 1.5 px, scaled by up to 1 %, a little lighter
// or darker.
at::Tensor next_frame_of(const at::Tensor& pictures, std::mt19937_64& random) {
  std::uniform_real_distribution<float> symmetric(-1.0F, 1.0F);
  const int64_t count = pictures.size(0);
  const float shift = 1.5F * 2.0F / static_cast<float>(pictures.size(3));  // in grid coordinates
  at::Tensor source_from_result = at::zeros({count, 2, 3});
  at::Tensor exposure = at::empty({count, 1, 1, 1});
  auto matrix = source_from_result.accessor<float, 3>();
  for (int64_t n = 0; n < count; ++n) {
    matrix[n][0][0] = matrix[n][1][1] = 1.0F + 0.01F * symmetric(random);
    matrix[n][0][2] = shift * symmetric(random);
    matrix[n][1][2] = shift * symmetric(random);
    exposure[n][0][0][0] = 1.0F + 0.03F * symmetric(random);
  }
  const at::Tensor grid =
      at::affine_grid_generator(source_from_result, pictures.sizes(), /*align_corners=*/false);
  const at::Tensor moved =
      at::grid_sampler(pictures, grid, 0, /*padding_mode=reflection*/ 2, /*align_corners=*/false);
  return ((moved + 1.0) * exposure - 1.0).clamp(-1.0, 1.0).contiguous(at::MemoryFormat::ChannelsLast);
}

// What a run holds and does in its steps.
class FaceTraining {
 public:
  explicit FaceTraining(const GeneratorTrainingOptions& options)
      : options_(options),
        pack_(options.pairs),
        type_(training_type(options.precision)),
        models_(models_for(options, pack_)),
        sight_(models_.front().encoder, kept_by(options), type_),
        pictures_(options.nets, type_, options.weights, options.w_only,
                  options.face_critics ? frozen_copy(models_.front().encoder) : nets::HouseEncoder{nullptr},
                  options.run.workers),
        seeds_(options.seeds, options.run.workers),
        shown_(pack_.shown()) {
    std::mt19937_64 random(options.run.seed);
    shown_z_ = normal_numbers({shown_.photo.size(0), models_.front().generator->options().z_dim}, random);
  }

  // Those that learn, of each worker.
  std::vector<Modules> modules() {
    std::vector<Modules> result;
    for (HouseModel& model : models_) {
      result.push_back({model.generator.get()});
      Modules learning;
      if (kept_by(options_) == KeptLayers::kStages) learning = model.encoder->latent_heads();
      if (kept_by(options_) == KeptLayers::kNone) learning = {model.encoder.get()};
      result.back().insert(result.back().end(), learning.begin(), learning.end());
    }
    return result;
  }
  std::vector<Modules> critics() { return pictures_.critics(); }

  Loss loss(const StepContext& context);
  Loss critic_loss(const StepContext& context) { return pictures_.critic_loss(context); }
  at::Tensor sheet();
  HouseModel finished();

 private:
  SeedPictures draw_seeds(HouseModel& model, const Batch& batch, const nets::SynthesisOptions& synthesis,
                          const StepContext& context) const;
  // What the encoder learns besides to be drawn from.
  void add_encoder_losses(Loss& loss, HouseModel& model, const Batch& batch, const nets::HouseEncoding& code,
                          std::mt19937_64& random) const;

  const GeneratorTrainingOptions& options_;
  PairPack pack_;
  at::ScalarType type_;
  std::vector<HouseModel> models_;
  EncoderSight sight_;
  PartedLoss pictures_;
  SeedPlayer seeds_;
  Batch shown_;
  at::Tensor shown_z_;
  std::atomic<int64_t> size_px_ = kLargestSize_px;  // of the pictures being learned
};

Loss FaceTraining::loss(const StepContext& context) {
  HouseModel& model = models_[static_cast<size_t>(context.worker)];
  const int64_t count = options_.run.batch_per_worker;
  const Batch batch = pack_.random_batch(count, options_.augmentation, *context.random);
  nets::SynthesisOptions synthesis;
  synthesis.compute_type = type_;
  synthesis.max_resolution = size_px_ = training_size_px(options_, context.progress);
  const nets::HouseEncoding code = sight_.encode(model.encoder, batch.photo, /*parse=*/true);
  seeds_.remember(code.w, context);
  std::vector<Thinning> thinnings = draw_thinnings(count, options_.dropout, *context.random);
  const int64_t w_only = pictures_.parts() ? w_only_first(thinnings) : 0;
  const ThinnedLatents latents = thin_out(code, thinnings);
  const at::Tensor output = model.generator->synthesize(latents.ws, latents.features, synthesis);
  SeedPictures seeds;
  if (seeds_.plays() && pictures_.critics_play(synthesis.max_resolution, w_only, context.progress)) {
    seeds = draw_seeds(model, batch, synthesis, context);
  }
  Loss loss = pictures_(output, batch, w_only, seeds, context);
  if (seeds.output.defined()) seeds_.add_moments(loss, model.generator, context);
  if (!options_.keep_encoder) add_encoder_losses(loss, model, batch, code, *context.random);
  return loss;
}

SeedPictures FaceTraining::draw_seeds(HouseModel& model, const Batch& batch,
                                      const nets::SynthesisOptions& synthesis,
                                      const StepContext& context) const {
  const at::Tensor ws = seeds_.draw(model.generator, batch.photo.size(0), context);
  SeedPictures seeds;
  seeds.output = model.generator->synthesize(ws, {}, synthesis);
  seeds.classes = sight_.classes(model.encoder, seeds.output);
  seeds.photo_classes = sight_.classes(model.encoder, at_size(batch.photo, synthesis.max_resolution));
  return seeds;
}

void FaceTraining::add_encoder_losses(Loss& loss, HouseModel& model, const Batch& batch,
                                      const nets::HouseEncoding& code, std::mt19937_64& random) const {
  // Half of the batch pays for the second look.
  const int64_t half = std::max<int64_t>(batch.photo.size(0) / 2, 1);
  const nets::HouseEncoding next =
      sight_.encode(model.encoder, next_frame_of(batch.photo.narrow(0, 0, half), random), /*parse=*/false);
  const at::Tensor here = code.w_plus();
  const at::Tensor jump =
      (next.w_plus() - here.narrow(0, 0, half)).square().mean() / here.detach().var().clamp_min(1e-4);
  const at::Tensor delta = code.deltas.square().mean();
  loss.total = loss.total + options_.delta_weight * delta + options_.steadiness_weight * jump;
  if (code.parsing.defined()) {
    const at::Tensor parsing = parsing_loss(code.parsing, batch.labels);
    loss.total = loss.total + options_.parsing_weight * parsing;
    loss.figures["parsing"] = parsing.item<double>();
  }
  loss.figures.insert({{"jump", jump.item<double>()}, {"delta", delta.item<double>()}});
}

at::Tensor FaceTraining::sheet() {
  const at::NoGradGuard no_grad;
  HouseModel& model = models_.front();
  const nets::HouseEncoding code = model.encoder->forward(shown_.photo, /*parse=*/false);
  nets::SynthesisOptions synthesis;
  synthesis.max_resolution = size_px_;
  const auto draw = [&](const at::Tensor& ws, const nets::LikenessFeatures& features) {
    return model.generator->synthesize(ws, features, synthesis);
  };
  std::vector<at::Tensor> rows = {at_size(shown_.photo, size_px_), draw(code.w_plus(), code.features),
                                  draw(code.w_plus(), {}),
                                  draw(code.w.unsqueeze(1).expand_as(code.deltas), {})};
  if (seeds_.plays()) {
    for (const double psi : {1.0, kTruncatedPsi})
      rows.push_back(draw(model.generator->map(shown_z_, psi), {}));
  }
  return tile_rows(rows);
}

HouseModel FaceTraining::finished() {
  HouseModel& model = models_.front();
  if (options_.seeds.learn_mapping) {
    const at::NoGradGuard no_grad;
    std::mt19937_64 random(options_.run.seed);
    const at::Tensor z = normal_numbers({kAveraged, model.generator->options().z_dim}, random);
    model.generator->mapping->w_avg.copy_(model.generator->mapping->forward(z).mean(0));
  }
  return model;
}

}  // namespace

void GeneratorTrainingOptions::check() const {
  if (w_only.l1_px < 0 || w_only.l1_px > kLargestSize_px || w_only.identity < 0) {
    throw UsageError(
        "drawings of W+ alone are compared at up to 256 px, with an identity loss of at least 0");
  }
  if (!(seeds.share >= 0 && seeds.share <= kMostSeeds) || seeds.moment_weight < 0 || seeds.memory < 2) {
    throw UsageError("a batch has up to four seeds for each photo, and photos to compare them with");
  }
  if (start.empty() && (keep_stages || keep_encoder || face_critics || seeds.share > 0)) {
    throw UsageError("what shall be kept, judge faces or draw seeds is an earlier model's",
                     "name its folder with --start");
  }
  if (seeds.learn_mapping && seeds.share == 0) {
    throw UsageError("the mapping network learns from seeds alone", "say how many with --seeds");
  }
  if (seeds.share > 0 && weights.adversarial <= 0) {
    throw UsageError("seeds are judged by critics alone", "give critics a weight with --adversarial");
  }
}

nets::GeneratorOptions house_generator_options() {
  nets::GeneratorOptions options;
  options.channels = {{4, 256}, {8, 256}, {16, 256}, {32, 128}, {64, 64}, {128, 32}, {256, 24}};
  options.likeness_channels = {{32, 64}, {64, 32}};
  options.latent_picture_px = 48;
  return options;
}

nets::HouseEncoderOptions house_encoder_options(const nets::GeneratorOptions& generator) {
  nets::HouseEncoderOptions options;
  options.resolution = generator.resolution;
  options.w_dim = generator.w_dim;
  options.latent_count = generator.latent_count();
  options.likeness_channels = generator.likeness_channels;
  options.projection_px = generator.latent_picture_px;
  return options;
}

at::ScalarType training_type(const std::string& precision) {
  if (precision == "fp32") return at::kFloat;
  if (precision == "bf16") return at::kBFloat16;
  if (precision != "auto") throw Error("training knows the precisions auto, fp32 and bf16, not " + precision);
#if defined(__x86_64__)
  // Without such instructions bf16 is emulated and slower than float.
  if (__builtin_cpu_supports("avx512bf16")) return at::kBFloat16;
#endif
  return at::kFloat;
}

int64_t training_size_px(const GeneratorTrainingOptions& options, double progress) {
  if (progress < options.quarter_size_share) return 64;
  return progress < options.quarter_size_share + options.half_size_share ? 128 : 256;
}

at::Tensor tile_rows(const std::vector<at::Tensor>& rows) {
  std::vector<at::Tensor> strips;
  strips.reserve(rows.size());
  for (const at::Tensor& row : rows)
    strips.push_back(at::cat(row.to(at::kFloat).contiguous().unbind(0), /*dim=*/2));
  return at::cat(strips, /*dim=*/1);
}

HouseModel train_generator(const GeneratorTrainingOptions& options, RunHooks hooks,
                           const PictureWriter& write_picture) {
  options.check();
  FaceTraining training(options);
  hooks.loss = [&](const StepContext& context) { return training.loss(context); };
  hooks.critic_loss = [&](const StepContext& context) { return training.critic_loss(context); };
  hooks.sheet = [&](const std::filesystem::path& path) { write_picture(path, training.sheet()); };
  run_training(options.run, training.modules(), training.critics(), hooks);
  return training.finished();
}

}  // namespace toonmirror::training
