// toonmirror inspect: what a model file is, without executing or trusting anything in it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/model_report.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"

namespace toonmirror::cli {
namespace {

constexpr const char* kDamagedHint = "the file can be read, but the network in it cannot be used";

struct InspectOptions {
  std::string file;
  bool tensors = false;
  bool json = false;
};

int run_inspect(const InspectOptions& options) {
  const nlohmann::ordered_json report =
      app::describe_model(checkpoint::CheckpointFile(options.file), options.tensors);
  std::cout << (options.json ? app::dump(report, 2) + '\n' : app::to_text(report));
  if (report.contains("problem")) throw Error(report["problem"].get<std::string>(), kDamagedHint);
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "Say what a model file is; nothing in it is executed");
  command->add_option("FILE", options->file, "Checkpoint: .safetensors, .pkl, .pt, .pth or .pth.tar")
      ->required()
      ->type_name("");
  command->add_flag("--tensors", options->tensors, "List all tensors with type and shape");
  add_json_option(*command, options->json);
  command->callback([&chosen, options] { chosen = [options] { return run_inspect(*options); }; });
}

}  // namespace toonmirror::cli
