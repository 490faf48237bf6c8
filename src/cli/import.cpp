// toonmirror import: a network out of any public checkpoint, as one of our own model files.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/public_checkpoints.h"
#include "app/sha256.h"
#include "base/error.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "nets/find_networks.h"
#include "nets/motion_yaml.h"

namespace toonmirror::cli {
namespace {

struct ImportOptions {
  std::string file;
  std::string output;
  std::string part;
  std::string config;
  bool half = false;
};

std::string kinds_of(const std::vector<nets::FoundNetwork>& networks) {
  std::string text;
  for (const nets::FoundNetwork& network : networks) text += (text.empty() ? "" : ", ") + network.kind;
  return text;
}

// The network asked for by --part, or the only one there is.
const nets::FoundNetwork& choose(const std::vector<nets::FoundNetwork>& networks,
                                 const ImportOptions& options) {
  if (networks.empty()) {
    throw Error(options.file + ": holds no network that toonmirror runs",
                "'toonmirror inspect --tensors' lists what it holds");
  }
  if (options.part.empty()) {
    if (networks.size() == 1) return networks.front();
    throw UsageError(options.file + ": holds several networks: " + kinds_of(networks),
                     "choose one with --part");
  }
  for (const nets::FoundNetwork& network : networks) {
    if (network.kind == options.part) return network;
  }
  throw UsageError("--part " + options.part + ": " + options.file + " holds " + kinds_of(networks), "");
}

int run_import(const ImportOptions& options) {
  const checkpoint::CheckpointFile file(options.file);
  std::optional<nets::MotionModelOptions> motion;
  if (!options.config.empty()) motion = nets::read_motion_options(options.config);
  const std::vector<nets::FoundNetwork> networks = nets::find_networks(file, motion);
  const nets::FoundNetwork& network = choose(networks, options);
  for (const std::string& note : network.notes) spdlog::warn("{}: {}", options.file, note);
  const std::string sha256 = app::sha256_of_file(options.file);
  checkpoint::Metadata metadata = file.metadata();
  metadata.insert({{"provenance", fmt::format("imported from {} ({}), sha256 {}",
                                              file.path().filename().string(), network.source, sha256)}});
  if (const app::PublicCheckpoint* known = app::find_public_checkpoint(sha256)) {
    metadata.insert({{"name", known->name}, {"licence", known->licence}});
  }
  nets::write_network(options.output, network, options.half, metadata);
  spdlog::info("wrote {}: {}, {:.1f} million numbers", options.output, network.kind,
               static_cast<double>(network.parameter_count()) / 1e6);
  return kDone;
}

}  // namespace

void add_import(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App* command = app.add_subcommand(
      "import", "Write a network of a public checkpoint as a .safetensors file; nothing in it is executed");
  command->add_option("FILE", options->file, "Checkpoint: .pkl, .pt, .pth, .pth.tar or .safetensors")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", options->output, "The file to write")->required();
  command->add_option("--part", options->part,
                      "Which network, where the file holds several: generator, psp-encoder, …");
  command->add_option("--config", options->config, "The .yaml published beside a First Order Motion Model")
      ->type_name("FILE");
  command->add_flag("--half", options->half, "Write 16-bit numbers: half the size");
  add_verbosity_options(*command);
  command->callback([&chosen, options] { chosen = [options] { return run_import(*options); }; });
}

}  // namespace toonmirror::cli
