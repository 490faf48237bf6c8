#include "cli/train_options.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "base/interrupt.h"
#include "base/machine.h"
#include "cli/common_options.h"

namespace toonmirror::cli {
void add_identity_options(CLI::App& command, ModelIdentity& identity) {
  command.add_option("--provenance", identity.provenance, "What it was trained on, for the file's metadata");
  command.add_option("--licence", identity.licence,
                     "The model's licence, which that of its pictures decides, for the file's metadata");
}

void add_loop_options(CLI::App& command, training::RunOptions& run, std::string& precision) {
  command
      .add_option("-o,--output", run.output,
                  "Folder for log.tsv, sample sheets, the checkpoint to resume from, and the finished models")
      ->required();
  command.add_option("--steps", run.steps,
                     "Steps of the whole run; with a checkpoint, the run goes on to that many");
  command.add_option("--minutes", run.max_minutes, "End after so many minutes of this call (0: no limit)");
  command.add_flag(
      "--hold-rate", run.hold_rate,
      "One call of several: the learning rate does not fall towards its end, and what begins after "
      "a share of the run goes by --steps");
  command.add_option("--workers", run.workers, "Threads; each trains on its own share of the batch");
  command.add_option("--batch", run.batch_per_worker, "Pictures per worker and step");
  command.add_option("--learning-rate", run.adam.learning_rate, "Adam's rate after warm-up");
  command.add_option("--sheet-every", run.sheet_every, "Steps between two sample sheets");
  command.add_option("--checkpoint-every", run.checkpoint_every, "Steps between two checkpoints");
  command.add_option("--log-every", run.log_every, "Steps between two lines of the log");
  command.add_option("--precision", precision, "Of the activations: auto, bf16, fp32");
  add_seed_option(command, run.seed);
  add_verbosity_options(command);
}

void add_picture_options(CLI::App& command, training::RunOptions& run, std::filesystem::path& pairs,
                         std::filesystem::path& nets, std::string& precision,
                         training::PictureLossWeights& weights) {
  run.workers = usable_cores();
  command.add_option("--pairs", pairs, "Pack of training pairs made by 'toonmirror teach'")
      ->type_name("FILE");
  command
      .add_option("--nets", nets,
                  "Folder of the networks that judge likeness: squeezenet11_caffe and mobilefacenet128, each "
                  "as .json and .safetensors; without them only pixels and edges are compared")
      ->type_name("FOLDER");
  command
      .add_option(
          "--adversarial", weights.adversarial,
          "Weight of the critics' pull at the picture, as a share of that of all other losses (0: none)")
      ->check(CLI::Range(0.0, 2.0));
  command.add_option("--adversarial-from", weights.adversarial_from,
                     "Share of the run after which the critics begin");
  command.add_option("--identity", weights.identity, "Weight of the identity loss between drawing and photo");
  add_loop_options(command, run, precision);
}

training::RunHooks training_hooks() {
  training::RunHooks result;
  result.log = [](const std::string& line) { spdlog::info("{}", line); };
  result.stop_requested = [] { return interrupted(); };
  return result;
}

checkpoint::Metadata metadata(const ModelIdentity& identity, const std::string& name) {
  return {{"name", name}, {"licence", identity.licence}, {"provenance", identity.provenance}};
}

void say_written(const std::filesystem::path& path) { spdlog::info("wrote {}", path.string()); }

}  // namespace toonmirror::cli
