#include "training/style_trainer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "nets/copy_generator.h"
#include "nets/model_file.h"
#include "training/latent_translation.h"
#include "training/picture_look.h"
#include "training/style_start.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSwapResolution_px = 32;
constexpr int64_t kSmallestDrawing_px = 256, kHalfSizeEvery = 4;  // steps

// The child with the parent's layers up to kSwapResolution_px.
nets::Generator low_layers_from(const nets::Generator& parent, const nets::Generator& child) {
  nets::Generator result(child->options());
  checkpoint::NamedTensors tensors = nets::named_tensors(*child);
  for (const auto& [name, tensor] : nets::named_tensors(*parent)) {
    for (int64_t r = 4; r <= kSwapResolution_px; r *= 2) {
      if (name.starts_with("synthesis.b" + std::to_string(r) + ".")) tensors[name] = tensor;
    }
  }
  nets::assign_tensors(*result, tensors, "blend");
  return result;
}

// The blocks the child may change; the others, and the latent picture, no longer ask for gradients.
Modules own_blocks(nets::Generator& child, int64_t parent_layers_px) {
  Modules result;
  for (const auto& block : child->synthesis->named_children()) {
    if (resolution_of(block.key()) > parent_layers_px) {
      result.push_back(block.value().get());
    } else {
      for (at::Tensor& parameter : block.value()->parameters()) parameter.requires_grad_(false);
    }
  }
  if (result.empty()) throw Error("a style needs layers of its own: fewer must stay the parent's");
  return result;
}

void drop_fine_features(nets::HouseEncoding& code, int64_t finest_px) {
  std::erase_if(code.features, [finest_px](const auto& item) { return item.first > finest_px; });
}

// Makes the network deaf to finer features, so that it draws what it was trained to draw whatever it is
// given.
void silence_fine_features(nets::Generator& generator, int64_t finest_px) {
  const at::NoGradGuard no_grad;
  for (auto& item : generator->named_parameters()) {
    for (const auto& [resolution, channels] : generator->options().likeness_channels) {
      if (resolution > finest_px &&
          item.key().starts_with("synthesis.b" + std::to_string(resolution) + ".likeness.")) {
        item.value().zero_();
      }
    }
  }
}

IdentityFigures figures_of(const at::Tensor& cosines) {
  return {cosines.mean().item<double>(), cosines.quantile(0.1).item<double>()};
}

}  // namespace

LatentDropout dropout_at(const StyleTrainingOptions& options, double progress) {
  LatentDropout dropout = options.dropout;
  const double risen = options.w_only_rise > 0 ? std::clamp(progress / options.w_only_rise, 0.0, 1.0) : 1.0;
  const double first = std::min(options.first_w_only, dropout.all_features);
  dropout.all_features = first + (dropout.all_features - first) * risen;
  return dropout;
}

nets::Generator train_style(const StyleTrainingOptions& options, RunHooks hooks,
                            const PictureWriter& write_picture) {
  const PairPack pack(options.pairs);
  const at::ScalarType type = training_type(options.precision);
  const PictureLoss picture_loss(options.nets, type, options.weights);
  std::optional<PictureLook> look;
  if (!options.pictures.empty()) {
    look.emplace(options.pictures, options.nets, type, options.weights, options.content,
                 options.augmentation);
  }
  Adversary adversary = picture_loss.adversary(options.run.workers);
  const checkpoint::CheckpointFile parent_file(options.generator);
  const checkpoint::CheckpointFile encoder_file(options.encoder);
  if (!nets::may_share_latents(parent_file, encoder_file)) {
    throw Error(options.encoder.string() + ": belongs to another family than " + options.generator.string());
  }
  const nets::Generator parent = nets::load_generator(parent_file);
  const int64_t whole_px = parent->options().resolution;
  if (!look && whole_px > pack.target_px() && options.half_size_share < 1) {
    throw Error(options.pairs.string() + ": its pictures are smaller than the " + std::to_string(whole_px) +
                    " px that the generator draws",
                "draw them anew with 'toonmirror teach', or learn half the size alone (--half-size-share 1)");
  }
  nets::HouseEncoder encoder = nets::load_house_encoder(encoder_file);
  encoder->prepare(type);
  std::vector<nets::Generator> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.push_back(nets::copy_of(parent));
    modules.push_back(own_blocks(replicas.back(), options.parent_layers_px));
  }
  // All train the first one's weights.
  if (!options.earlier_child.empty()) {
    checkpoint::NamedTensors learned = learned_by(options.earlier_child, options.earlier_generator);
    if (!options.earlier_encoder.empty()) {
      nets::HouseEncoder earlier =
          nets::load_house_encoder(checkpoint::CheckpointFile(options.earlier_encoder));
      learned = translated(std::move(learned), translation_between(pack, encoder, earlier, type));
    }
    carry_over(replicas.front(), options.parent_layers_px, learned);
  }
  if (!options.start.empty()) {
    begin_with(options.start, options.generator, options.parent_layers_px, replicas.front());
  }
  torch::manual_seed(options.run.seed);

  hooks.loss = [&](const StepContext& context) {
    nets::Generator& child = replicas[static_cast<size_t>(context.worker)];
    const Batch batch =
        pack.random_batch(options.run.batch_per_worker, options.augmentation, *context.random);
    ThinnedLatents latents;
    {
      const at::NoGradGuard no_grad;
      nets::HouseEncoding code = encoder->forward(batch.input.to(type), /*parse=*/false);
      drop_fine_features(code, options.finest_features_px);
      latents = thin_out(code, dropout_at(options, context.progress), *context.random);
    }
    nets::SynthesisOptions synthesis;
    synthesis.compute_type = type;
    const bool half = context.progress < options.half_size_share ||
                      (whole_px / 2 >= kSmallestDrawing_px && context.step % kHalfSizeEvery == 0);
    synthesis.max_resolution = half ? whole_px / 2 : whole_px;
    const at::Tensor output = child->synthesize(latents.ws, latents.features, synthesis);
    const bool judged = adversary.plays_at(context.progress);
    const at::Tensor picture = judged ? output.detach().requires_grad_() : output;
    PictureViews views;
    PictureViews* const seen = judged && !look ? &views : nullptr;
    Loss loss = look ? look->loss(picture, batch, *context.random)
                     : picture_loss(picture, batch, *context.random, seen);
    if (!judged) return loss;
    if (look) {
      views.drawn = picture_loss.view_of(picture, batch.target_labels, *context.random);
      const Batch wanted = look->draw(options.run.batch_per_worker, *context.random);
      const at::NoGradGuard no_grad;
      views.wanted = picture_loss.view_of(wanted.photo, wanted.labels, *context.random);
    }
    return adversary.judged(std::move(loss), picture, output, views.drawn, views.wanted, context);
  };
  hooks.critic_loss = [&](const StepContext& context) { return adversary.critic_loss(context); };

  Batch shown = pack.shown();
  if (look) {
    const at::Tensor pictures = look->pack().batch(first_rows(look->pack().training_rows())).photo;
    shown.target = at::cat({pictures, at::ones_like(shown.photo)}).narrow(0, 0, shown.photo.size(0));
  }
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    nets::Generator& child = replicas.front();
    nets::HouseEncoding code = encoder->forward(shown.input.to(type), /*parse=*/false);
    drop_fine_features(code, options.finest_features_px);
    for (auto& [resolution, feature] : code.features) feature = feature.to(at::kFloat);
    nets::Generator blend = low_layers_from(parent, child);
    nets::SynthesisOptions synthesis;
    const int64_t size_px = options.half_size_share < 1 ? whole_px : whole_px / 2;
    synthesis.max_resolution = size_px;
    const auto draw = [&](nets::Generator& generator, const nets::LikenessFeatures& features) {
      return generator->synthesize(code.w_plus(), features, synthesis);
    };
    write_picture(path, tile_rows({at_size(shown.input, size_px), at_size(shown.target, size_px),
                                   draw(child, code.features), draw(child, {}), draw(blend, {})}));
  };
  run_training(options.run, modules, adversary.modules(), hooks);
  silence_fine_features(replicas.front(), options.finest_features_px);
  return replicas.front();
}

StyleFigures evaluate_style(const PairPack& pack, const std::filesystem::path& nets,
                            nets::Generator& generator, nets::HouseEncoder& encoder, double likeness) {
  constexpr size_t kBatch = 16;
  const at::NoGradGuard no_grad;
  const PerceptualLoss perceptual(nets, at::kFloat);
  const IdentityNetwork identity(nets);
  const std::vector<int64_t>& rows = pack.held_out_rows();
  if (rows.empty()) throw Error("the pack holds no pairs that were held out");
  std::vector<at::Tensor> photo_output, photo_target, output_target;
  StyleFigures figures;
  pack.for_each_batch(rows, kBatch, [&](const Batch& batch) {
    const double share = static_cast<double>(batch.photo.size(0)) / static_cast<double>(rows.size());
    nets::HouseEncoding code = encoder->forward(batch.input, /*parse=*/false);
    for (auto& [resolution, feature] : code.features) feature = feature * likeness;
    const at::Tensor whole = generator->synthesize(code.w_plus(), code.features).clamp(-1.0, 1.0);
    const int64_t size_px = batch.photo.size(2);
    const at::Tensor output = at_size(whole, size_px), target = at_size(batch.target, size_px);
    const at::Tensor a = identity.embed(batch.photo, batch.landmarks);
    const at::Tensor b = identity.embed(output, batch.landmarks);
    const at::Tensor c = identity.embed(target, batch.landmarks);
    photo_output.push_back((a * b).sum(1));
    photo_target.push_back((a * c).sum(1));
    output_target.push_back((b * c).sum(1));
    figures.l1 += share * (output - target).abs().mean().item<double>() * 0.5;
    figures.perceptual += share * perceptual(output, target).item<double>();
  });
  figures.faces = static_cast<int64_t>(rows.size());
  figures.photo_to_output = figures_of(at::cat(photo_output));
  figures.photo_to_target = figures_of(at::cat(photo_target));
  figures.output_to_target = figures_of(at::cat(output_target));
  return figures;
}

}  // namespace toonmirror::training
