#include "cli/train_options.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "base/interrupt.h"
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
