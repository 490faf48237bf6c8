#include "training/parser_trainer.h"

#include <array>

#include "nets/model_file.h"
#include "training/generator_trainer.h"
#include "training/parsing_loss.h"

namespace toonmirror::training {
namespace {

// 0.9 GFLOP and 0.8 million numbers beside the stages. Two thirds of the hair that a head of 0.4 GFLOP had
// wrong lay within 4 px of a border, which layers at 32 and 64 px draw; the rest was what a thing is (grey
// hair, a cap), which wide and cheap layers at 8 and 16 px tell; at 128 px a layer costs most.
nets::ParsingLevels parser_levels() {
  return {{8, {128, 2}}, {16, {128, 2}}, {32, {64, 2}}, {64, {48, 2}}, {128, {16, 1}}};
}

// Of nets::FaceClass on the sheet, RGB.
constexpr std::array<std::array<float, 3>, nets::kFaceClassCount> kColours = {{{-1, -1, -1},
                                                                               {1, 0.4F, 0},
                                                                               {-0.4F, -1, 0.2F},
                                                                               {1, 1, 1},
                                                                               {-1, 0, 1},
                                                                               {0, 1, 1},
                                                                               {0.4F, -1, -1},
                                                                               {1, -0.4F, -0.2F},
                                                                               {-0.2F, -0.6F, -1},
                                                                               {1, 1, -1},
                                                                               {-0.6F, 0.2F, -0.6F}}};

// labels [N, H, W] → [N, 3, H, W] in [-1, 1].
at::Tensor coloured(const at::Tensor& labels) {
  const at::Tensor palette =
      at::tensor(at::ArrayRef<float>(kColours.front().data(), 3 * kColours.size())).view({-1, 3});
  return palette.index_select(0, labels.flatten())
      .view({labels.size(0), labels.size(1), labels.size(2), 3})
      .permute({0, 3, 1, 2});
}

}  // namespace

nets::FaceParser train_parser(const ParserTrainingOptions& options, RunHooks hooks,
                              const PictureWriter& write_picture) {
  const PairPack pack(options.pairs);
  const at::ScalarType type = training_type(options.precision);
  nets::FaceParser seeing = nets::load_face_parser(checkpoint::CheckpointFile(options.encoder));
  torch::manual_seed(options.run.seed);
  std::vector<nets::FaceParser> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.emplace_back(nets::FaceParserOptions{seeing->options().stages, parser_levels()});
    modules.push_back({replicas.back()->head().get()});
  }
  nets::copy_stages(seeing, replicas.front());
  seeing->prepare(type);
  const auto stages_of = [&](const at::Tensor& photos) {
    const at::NoGradGuard no_grad;
    return seeing->stages(photos.to(type));
  };

  hooks.loss = [&](const StepContext& context) {
    const Batch batch =
        pack.random_batch(options.run.batch_per_worker, options.augmentation, *context.random);
    nets::FaceParser& parser = replicas[static_cast<size_t>(context.worker)];
    Loss loss;
    loss.total = parsing_loss(parser->parse(stages_of(batch.photo)), batch.labels);
    loss.figures["parsing"] = loss.total.item<double>();
    return loss;
  };

  const Batch shown = pack.shown();
  hooks.sheet = [&](const std::filesystem::path& path) {
    const at::NoGradGuard no_grad;
    const at::Tensor logits = replicas.front()->parse(stages_of(shown.photo));
    const at::Tensor seen =
        at::upsample_bilinear2d(logits, {shown.labels.size(1), shown.labels.size(2)}, /*align_corners=*/false)
            .argmax(1);
    write_picture(path, tile_rows({shown.photo, coloured(shown.labels), coloured(seen)}));
  };
  run_training(options.run, modules, {}, hooks);
  return replicas.front();
}

}  // namespace toonmirror::training
