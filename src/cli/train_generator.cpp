// toonmirror train generator: the face generator and its encoder.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/picture_output.h"
#include "base/interrupt.h"
#include "base/usage_error.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "nets/model_file.h"
#include "training/generator_trainer.h"
#include "training/mapping_trainer.h"

namespace toonmirror::cli {
namespace {

using training::GeneratorTrainingOptions;

int run_generator(const GeneratorTrainingOptions& options, const ModelIdentity& identity) {
  if (options.keep_stages && options.start.empty()) {
    throw UsageError("--keep-stages keeps those of an earlier encoder", "name its folder with --start");
  }
  training::HouseModel model = training::train_generator(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  if (!options.keeps_mapping()) {
    spdlog::info("fitting the mapping network");
    const training::PairPack pack(options.pairs);
    const at::Tensor latents =
        training::encode_all(pack, model.encoder, training::training_type(options.precision)).w;
    const double share = training::fit_mapping(latents, model.generator);
    spdlog::info("seeds vary along axes that hold {:.1f} % of what tells faces apart", 100.0 * share);
  }
  const std::filesystem::path& folder = options.run.output;
  nets::save_network(folder / "face.safetensors", model.generator, identity.family,
                     metadata(identity, "face"));
  nets::save_network(folder / "encoder.safetensors", model.encoder, identity.family,
                     metadata(identity, "encoder"));
  say_written(folder / "face.safetensors");
  say_written(folder / "encoder.safetensors");
  return kDone;
}

// Of drawings that no photo says every pixel of: those of W+ alone, and seeds.
void add_judged_options(CLI::App& command, GeneratorTrainingOptions& options, CLI::Option* start) {
  command
      .add_option(
          "--w-only-l1", options.w_only.l1_px,
          "Compare drawings of W+ alone in pictures averaged down to so many pixels, perceptually and "
          "by identity, and let critics judge them alone (0: compare all samples alike)")
      ->check(CLI::Range(0, 256))
      ->type_name("PX");
  command
      .add_option("--w-only-identity", options.w_only.identity,
                  "Weight of the identity loss of drawings of W+ alone, with --w-only-l1")
      ->check(CLI::Range(0.0, 10.0));
  command
      .add_option("--critic-blur", options.weights.adversarial_blur,
                  "Share of the run over which critics come to see clearly, after --adversarial-from")
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_flag("--face-critics", options.face_critics,
                "Critics look through the stages of the encoder of --start as well")
      ->needs(start);
  CLI::Option* seeds =
      command
          .add_option("--seeds", options.seeds.share,
                      "Seeds drawn for each photo, judged by critics alone; the mapping network is that of "
                      "--start (0: none)")
          ->check(CLI::Range(0.0, 4.0))
          ->needs(start);
  command
      .add_flag("--learn-mapping", options.seeds.learn_mapping,
                "The mapping network learns from what critics say of seeds")
      ->needs(seeds);
  command
      .add_option(
          "--seed-moments", options.seeds.moment_weight,
          "With --learn-mapping: how much the latents of seeds are held to the mean and covariance of "
          "those of photos")
      ->check(CLI::Range(0.0, 100.0));
}

}  // namespace

void add_train_generator(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "generator",
      "Train the face generator and its encoder together, as an auto-encoder, then the mapping network");
  struct Arguments {
    GeneratorTrainingOptions options;
    ModelIdentity identity;
  };
  auto arguments = std::make_shared<Arguments>();
  GeneratorTrainingOptions& options = arguments->options;
  add_picture_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
  CLI::Option* start =
      command
          ->add_option(
              "--start", options.start,
              "Earlier face.safetensors and encoder.safetensors to begin with, instead of from nothing")
          ->type_name("FOLDER");
  command->add_flag(
      "--keep-stages", options.keep_stages,
      "The encoder's stages, likeness features and parser stay those of --start: only latents and "
      "generator learn");
  command
      ->add_flag("--keep-encoder", options.keep_encoder,
                 "All of the encoder stays that of --start, and the mapping network with it: only the "
                 "generator learns")
      ->needs(start);
  command->add_option("--quarter-size-share", options.quarter_size_share,
                      "First share of the run, which learns pictures of 64 px");
  command->add_option("--half-size-share", options.half_size_share,
                      "Next share of the run, which learns pictures of 128 px; the rest is 256 px");
  command->add_option("--w-only", options.dropout.all_features,
                      "Share of the samples that must do without likeness features");
  add_judged_options(*command, options, start);
  command->add_option("--family", arguments->identity.family,
                      "Name that generators and encoders with shared latents bear");
  add_identity_options(*command, arguments->identity);
  command->get_option("--pairs")->required();
  command->callback([arguments, &chosen] {
    chosen = [arguments] { return run_generator(arguments->options, arguments->identity); };
  });
}

}  // namespace toonmirror::cli
