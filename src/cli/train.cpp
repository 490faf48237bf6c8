// toonmirror train generator|style: makes house models from packs of pairs.
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/machine.h"
#include "cli/picture_output.h"
#include "nets/model_file.h"
#include "training/mapping_trainer.h"
#include "training/style_trainer.h"

namespace toonmirror::cli {
namespace {

using training::GeneratorTrainingOptions;
using training::RunOptions;
using training::StyleTrainingOptions;

constexpr const char* kLicence = "CC BY-NC-SA 4.0";

struct ModelIdentity {
  std::string family = "house-256";
  std::string provenance;
};

// What both trainings ask for. `pairs` and `nets` point into the options of the training.
void add_run_options(CLI::App& command, RunOptions& run, std::filesystem::path& pairs,
                     std::filesystem::path& nets, std::string& precision,
                     training::PictureLossWeights& weights) {
  run.workers = usable_cores();
  command.add_option("--pairs", pairs, "Pack of training pairs made by 'toonmirror teach'")->required();
  command
      .add_option("--nets", nets,
                  "Folder of the networks that judge likeness: squeezenet11_caffe and mobilefacenet128, each "
                  "as .json and .safetensors; without them only pixels and edges are compared")
      ->type_name("FOLDER");
  command
      .add_option("-o,--output", run.output,
                  "Folder for log.tsv, sample sheets, the checkpoint to resume from, and the finished models")
      ->required();
  command.add_option("--steps", run.steps,
                     "Steps of the whole run; with a checkpoint, the run goes on to that many");
  command.add_option("--minutes", run.max_minutes, "End after so many minutes of this call (0: no limit)");
  command.add_option("--workers", run.workers, "Threads; each trains on its own share of the batch");
  command.add_option("--batch", run.batch_per_worker, "Pictures per worker and step");
  command.add_option("--learning-rate", run.adam.learning_rate, "Adam's rate after warm-up");
  command.add_option("--adversarial", weights.adversarial, "Weight of the adversarial finish (0: none)");
  command.add_option("--adversarial-from", weights.adversarial_from,
                     "Share of the run after which the adversarial finish begins");
  command.add_option("--identity", weights.identity, "Weight of the identity loss");
  command.add_option("--sheet-every", run.sheet_every, "Steps between two sample sheets");
  command.add_option("--checkpoint-every", run.checkpoint_every, "Steps between two checkpoints");
  command.add_option("--log-every", run.log_every, "Steps between two lines of the log");
  command.add_option("--precision", precision, "Of the activations: auto, bf16, fp32");
  add_seed_option(command, run.seed);
  add_verbosity_options(command);
}

training::RunHooks hooks() {
  // Large activations come and go at every step: glibc would return them to the system each time, and fault
  // them in again.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  training::RunHooks result;
  result.log = [](const std::string& line) { spdlog::info("{}", line); };
  result.stop_requested = [] { return interrupted(); };
  return result;
}

checkpoint::Metadata metadata(const ModelIdentity& identity, const std::string& name) {
  return {{"name", name}, {"licence", kLicence}, {"provenance", identity.provenance}};
}

void say_written(const std::filesystem::path& path) { spdlog::info("wrote {}", path.string()); }

int run_generator(const GeneratorTrainingOptions& options, const ModelIdentity& identity) {
  training::HouseModel model = training::train_generator(options, hooks(), write_picture);
  throw_if_interrupted();
  spdlog::info("fitting the mapping network");
  const training::PairPack pack(options.pairs);
  const at::Tensor latents =
      training::encode_all(pack, model.encoder, training::training_type(options.precision));
  const double share = training::fit_mapping(latents, model.generator);
  spdlog::info("seeds vary along axes that hold {:.1f} % of what tells faces apart", 100.0 * share);
  const std::filesystem::path& folder = options.run.output;
  nets::save_network(folder / "face.safetensors", model.generator, identity.family,
                     metadata(identity, "face"));
  nets::save_network(folder / "encoder.safetensors", model.encoder, identity.family,
                     metadata(identity, "encoder"));
  say_written(folder / "face.safetensors");
  say_written(folder / "encoder.safetensors");
  return kDone;
}

int run_style(const StyleTrainingOptions& options, const std::string& name, const ModelIdentity& identity) {
  nets::Generator child = training::train_style(options, hooks(), write_picture);
  throw_if_interrupted();
  const std::filesystem::path path = options.run.output / (name + ".safetensors");
  nets::save_network(path, child, identity.family, metadata(identity, name));
  say_written(path);
  const training::PairPack pack(options.pairs);
  if (pack.held_out_rows().empty() || options.nets.empty()) return kDone;
  nets::HouseEncoder encoder = nets::load_house_encoder(checkpoint::CheckpointFile(options.encoder));
  for (const double likeness : {1.0, 0.0}) {
    const training::StyleFigures f = training::evaluate_style(pack, options.nets, child, encoder, likeness);
    spdlog::info(
        "likeness {:.0f}, {} held-out faces: identity photo-output {:.3f} (p10 {:.3f}), photo-teacher {:.3f} "
        "(p10 {:.3f}), "
        "output-teacher {:.3f}; L1 {:.4f}, perceptual {:.4f}",
        likeness, f.faces, f.photo_to_output.mean, f.photo_to_output.p10, f.photo_to_target.mean,
        f.photo_to_target.p10, f.output_to_target.mean, f.l1, f.perceptual);
  }
  return kDone;
}

void add_generator(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "generator",
      "Train the face generator and its encoder together, as an auto-encoder, then the mapping network");
  struct Arguments {
    GeneratorTrainingOptions options;
    ModelIdentity identity;
  };
  auto arguments = std::make_shared<Arguments>();
  GeneratorTrainingOptions& options = arguments->options;
  add_run_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
  command->add_option("--quarter-size-share", options.quarter_size_share,
                      "First share of the run, which learns pictures of 64 px");
  command->add_option("--half-size-share", options.half_size_share,
                      "Next share of the run, which learns pictures of 128 px; the rest is 256 px");
  command->add_option("--w-only", options.dropout.all_features,
                      "Share of the samples that must do without likeness features");
  command->add_option("--family", arguments->identity.family,
                      "Name that generators and encoders with shared latents bear");
  command->add_option("--provenance", arguments->identity.provenance,
                      "What it was trained on, for the file's metadata");
  command->callback([arguments, &chosen] {
    chosen = [arguments] { return run_generator(arguments->options, arguments->identity); };
  });
}

void add_style(CLI::App& train, Action& chosen) {
  CLI::App* command =
      train.add_subcommand("style", "Fine-tune a copy of the face generator on a teacher's pictures");
  struct Arguments {
    StyleTrainingOptions options;
    std::string name;
    ModelIdentity identity;
  };
  auto arguments = std::make_shared<Arguments>();
  StyleTrainingOptions& options = arguments->options;
  command->add_option("NAME", arguments->name, "Name of the style; the model becomes NAME.safetensors")
      ->required();
  add_run_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
  command->add_option("--generator", options.generator, "The face generator to start from")->required();
  command->add_option("--encoder", options.encoder, "Its encoder")->required();
  command->add_option(
      "--finest-features", options.finest_features_px,
      "Finest likeness features the style hears, in pixels: 32 for one that changes shapes by itself");
  command->add_option("--w-only", options.dropout.all_features,
                      "Share of the samples that must do without likeness features");
  command->add_option("--provenance", arguments->identity.provenance,
                      "What it was trained on, for the file's metadata");
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      arguments->identity.family = nets::family_of(checkpoint::CheckpointFile(arguments->options.generator));
      return run_style(arguments->options, arguments->name, arguments->identity);
    };
  });
}

}  // namespace

void add_train(CLI::App& app, Action& chosen) {
  CLI::App* train = app.add_subcommand("train", "Train house models on this machine");
  train->require_subcommand(1);
  add_generator(*train, chosen);
  add_style(*train, chosen);
}

}  // namespace toonmirror::cli
