#include "training/generator_trainer.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "nets/model_file.h"
#include "training/eigenfaces.h"
#include "training/latent_translation.h"
#include "training/parsing_loss.h"

namespace toonmirror::training {
namespace {

HouseModel new_house_model() {
  const nets::GeneratorOptions options = house_generator_options();
  return {nets::Generator(options), nets::HouseEncoder(house_encoder_options(options))};
}

// `start`'s networks, and what the architecture has gained since. Without `begin` what training gives next is
// left as it is.
void start_from(const GeneratorTrainingOptions& options, const PairPack& pack, at::ScalarType type,
                bool begin, HouseModel& model) {
  nets::HouseEncoder earlier{nullptr};
  if (!options.start.empty()) {
    const std::filesystem::path face = options.start / "face.safetensors",
                                encoder = options.start / "encoder.safetensors";
    nets::assign_earlier(*model.generator, *nets::load_generator(checkpoint::CheckpointFile(face)),
                         face.string());
    earlier = nets::load_house_encoder(checkpoint::CheckpointFile(encoder));
    nets::assign_earlier(*model.encoder, *earlier, encoder.string());
    if (earlier->options().projection_px == model.encoder->options().projection_px) return;
  }
  if (!begin) return;
  begin_at(find_eigenfaces(pack, model.encoder->options().projection_px, model.encoder->options().w_dim),
           model.encoder, model.generator);
  if (!earlier) return;
  nets::assign_tensors(*model.generator,
                       translated(nets::named_tensors(*model.generator),
                                  translation_between(pack, model.encoder, earlier, type)),
                       options.start.string());
}

// Encodes for training: with all of the encoder, or with heads that learn behind stages that do not.
class Sight {
 public:
  // `kept`: the encoder whose stages stay; null where all learns.
  Sight(const nets::HouseEncoder& kept, at::ScalarType type) : type_(type) {
    if (!kept) return;
    seeing_ = nets::HouseEncoder(kept->options());
    nets::assign_tensors(*seeing_, nets::named_tensors(*kept), "encoder");
    seeing_->prepare(type);
  }

  nets::HouseEncoding encode(nets::HouseEncoder& learning, const at::Tensor& photos, bool parse) const {
    const at::Tensor x = photos.to(type_);
    if (!seeing_) return learning->forward(x, parse);
    std::vector<at::Tensor> seen;
    nets::LikenessFeatures features;
    {
      const at::NoGradGuard no_grad;
      nets::HouseEncoder seeing = seeing_;
      seen = seeing->stages(x);
      features = seeing->features(seen);
    }
    nets::HouseEncoding code = learning->latents(photos, seen.back());
    code.features = std::move(features);
    return code;
  }

 private:
  nets::HouseEncoder seeing_{nullptr};
  at::ScalarType type_;
};

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

}  // namespace

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

ThinnedLatents thin_out(const nets::HouseEncoding& code, const LatentDropout& dropout,
                        std::mt19937_64& random) {
  const int64_t count = code.w.size(0);
  at::Tensor deltas = at::ones({count, 1, 1});
  at::Tensor coarse = at::zeros({count, 1, 1, 1});
  at::Tensor fine = at::zeros({count, 1, 1, 1});
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (int64_t n = 0; n < count; ++n) {
    if (uniform(random) < dropout.all_features) {
      if (uniform(random) < dropout.deltas) deltas[n] = 0.0;
      continue;
    }
    // Sometimes scaled at random, so that `likeness` works as a slider.
    const double scale = uniform(random) < 0.7 ? 1.0 : uniform(random);
    coarse[n] = scale;
    if (uniform(random) >= dropout.fine_features) fine[n] = scale;
  }
  ThinnedLatents result;
  result.ws = code.w.unsqueeze(1) + code.deltas * deltas;
  for (const auto& [resolution, feature] : code.features) {
    result.features[resolution] = feature * (resolution <= 32 ? coarse : fine).to(feature.scalar_type());
  }
  return result;
}

HouseModel train_generator(const GeneratorTrainingOptions& options, RunHooks hooks,
                           const PictureWriter& write_picture) {
  const PairPack pack(options.pairs);
  const at::ScalarType type = training_type(options.precision);
  const PictureLoss picture_loss(options.nets, type, options.weights);
  Adversary adversary = picture_loss.adversary(options.run.workers);
  torch::manual_seed(options.run.seed);
  std::vector<HouseModel> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.push_back(new_house_model());
    modules.push_back({replicas.back().generator.get()});
    const Modules learning = options.keep_stages ? replicas.back().encoder->latent_heads()
                                                 : Modules{replicas.back().encoder.get()};
    modules.back().insert(modules.back().end(), learning.begin(), learning.end());
  }
  // All train the first one's weights.
  start_from(options, pack, type, !std::filesystem::exists(options.run.output / kCheckpointName),
             replicas.front());
  const Sight sight(options.keep_stages ? replicas.front().encoder : nets::HouseEncoder{nullptr}, type);

  std::atomic<int64_t> size_px = 256;  // of the pictures being learned
  hooks.loss = [&](const StepContext& context) {
    HouseModel& model = replicas[static_cast<size_t>(context.worker)];
    const Batch batch =
        pack.random_batch(options.run.batch_per_worker, options.augmentation, *context.random);
    nets::SynthesisOptions synthesis;
    synthesis.compute_type = type;
    synthesis.max_resolution = size_px = training_size_px(options, context.progress);
    const nets::HouseEncoding code = sight.encode(model.encoder, batch.photo, /*parse=*/true);
    const ThinnedLatents latents = thin_out(code, options.dropout, *context.random);
    const at::Tensor output = model.generator->synthesize(latents.ws, latents.features, synthesis);

    const bool finishes = synthesis.max_resolution == 256 && adversary.plays_at(context.progress);
    PictureViews views;
    const at::Tensor picture = finishes ? output.detach().requires_grad_() : output;
    Loss loss = picture_loss(picture, batch, *context.random, finishes ? &views : nullptr);
    if (finishes) {
      loss = adversary.judged(std::move(loss), picture, output, views.drawn, views.wanted, context);
    }
    // Half of the batch pays for the second look.
    const int64_t half = std::max<int64_t>(batch.photo.size(0) / 2, 1);
    const nets::HouseEncoding next = sight.encode(
        model.encoder, next_frame_of(batch.photo.narrow(0, 0, half), *context.random), /*parse=*/false);
    const at::Tensor here = code.w_plus();
    const at::Tensor jump =
        (next.w_plus() - here.narrow(0, 0, half)).square().mean() / here.detach().var().clamp_min(1e-4);
    const at::Tensor delta = code.deltas.square().mean();
    loss.total = loss.total + options.delta_weight * delta + options.steadiness_weight * jump;
    if (code.parsing.defined()) {
      const at::Tensor parsing = parsing_loss(code.parsing, batch.labels);
      loss.total = loss.total + options.parsing_weight * parsing;
      loss.figures["parsing"] = parsing.item<double>();
    }
    loss.figures.insert({{"jump", jump.item<double>()}, {"delta", delta.item<double>()}});
    return loss;
  };
  hooks.critic_loss = [&](const StepContext& context) { return adversary.critic_loss(context); };

  const Batch shown = pack.shown();
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    HouseModel& model = replicas.front();
    const nets::HouseEncoding code = model.encoder->forward(shown.photo, /*parse=*/false);
    nets::SynthesisOptions synthesis;
    synthesis.max_resolution = size_px;
    const auto draw = [&](const at::Tensor& ws, const nets::LikenessFeatures& features) {
      return model.generator->synthesize(ws, features, synthesis);
    };
    write_picture(path,
                  tile_rows({at_size(shown.photo, size_px), draw(code.w_plus(), code.features),
                             draw(code.w_plus(), {}), draw(code.w.unsqueeze(1).expand_as(code.deltas), {})}));
  };
  run_training(options.run, modules, adversary.modules(), hooks);
  return replicas.front();
}

}  // namespace toonmirror::training
