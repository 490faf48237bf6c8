// toonmirror grow: a house generator that draws larger, to be trained on.
#include "nets/grow.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "nets/model_file.h"
#include "nets/shared_tensors.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;

struct GrowOptions {
  fs::path file, output;
  int64_t channels = 16;
};

// What the file says of itself, without what says how it is stored.
checkpoint::Metadata description(const checkpoint::CheckpointFile& file) {
  checkpoint::Metadata metadata = file.metadata();
  for (const char* key : {kKindKey, kArchitectureKey, kFamilyKey, kParentKey, kParentChecksumKey}) {
    metadata.erase(key);
  }
  return metadata;
}

// The grown parent of a child, which lies where the child will.
checkpoint::CheckpointFile grown_parent(const fs::path& path, const fs::path& output, int64_t resolution,
                                        const std::string& family) {
  const std::string hint = "grow " + path.filename().string() + " into the folder of " + output.string() +
                           " first: a child is read with its parent";
  if (!fs::is_regular_file(path)) throw Error(path.string() + ": not there", hint);
  checkpoint::CheckpointFile file(path);
  const int64_t found = nets::load_generator(file)->options().resolution;
  if (found != resolution) {
    throw Error(path.string() + ": draws " + std::to_string(found) + " px, not " + std::to_string(resolution),
                hint);
  }
  if (nets::family_of(file) != family) {
    throw Error(path.string() + ": is of the family " + nets::family_of(file) + ", the child of " + family);
  }
  return file;
}

fs::path folder_of(const fs::path& file) { return fs::absolute(file).parent_path(); }

int run_grow(const GrowOptions& options) {
  if (!fs::is_directory(folder_of(options.output))) {
    throw Error(options.output.string() + ": its folder does not exist", "make it first");
  }
  std::error_code none;
  if (fs::equivalent(options.output, options.file, none)) {
    throw Error(options.output.string() + ": is the generator itself", "choose another name for the output");
  }
  const checkpoint::CheckpointFile file(options.file);
  if (!nets::is_house_file(file, "generator")) {
    throw Error(options.file.string() + ": holds no house generator",
                "'toonmirror import' makes one of a public checkpoint");
  }
  const nets::Generator generator = nets::load_generator(file);
  const nets::Generator result =
      nets::grown(generator, 2 * generator->options().resolution, options.channels);
  const std::string family = nets::family_of(file);
  if (const std::string* parent = nets::find_metadata(file, kParentKey)) {
    const fs::path beside = folder_of(options.output) / fs::path(*parent).filename();
    nets::save_child(options.output, result,
                     grown_parent(beside, options.output, result->options().resolution, family),
                     description(file));
  } else if (fs::equivalent(folder_of(options.output), folder_of(options.file))) {
    // Beside the smaller one it need not hold again what that one holds.
    nets::save_child(options.output, result, file, description(file));
  } else {
    nets::save_network(options.output, result, family, description(file));
  }
  spdlog::info("wrote {}: draws {} px, so far {} px enlarged", options.output.string(),
               result->options().resolution, generator->options().resolution);
  return kDone;
}

}  // namespace

void add_grow(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<GrowOptions>();
  CLI::App* command = app.add_subcommand(
      "grow", "Give a house generator a block more, which draws twice as large once it is trained");
  command->add_option("FILE", options->file, "Generator (.safetensors) with its parent beside it, if any")
      ->required()
      ->type_name("");
  command
      ->add_option("-o,--output", options->output,
                   "The file to write, as fp16; a child needs its grown parent in that folder")
      ->required();
  command->add_option("--channels", options->channels, "Of the new block; its price grows with them")
      ->check(CLI::Range(1, 1024));
  add_verbosity_options(*command);
  command->callback([&chosen, options] { chosen = [options] { return run_grow(*options); }; });
}

}  // namespace toonmirror::cli
