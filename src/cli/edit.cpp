// toonmirror edit: latents moved along directions that change one attribute each.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/model_path.h"
#include "base/output_file.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "toon/latents.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::string latents, output;
  std::vector<std::string> directions;
  int64_t first_row = 0, last_row = -1;
};

struct Direction {
  std::string file;
  double strength = 1;
};

// "age.pt:1.5" or "age.pt".
Direction parse_direction(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, 1.0};
  double strength = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, strength);
  if (error != std::errc() || rest != end) {
    throw UsageError("--direction: the strength in '" + text + "' is not a number", "write it as FILE:1.5");
  }
  return {text.substr(0, colon), strength};
}

// "smile" is one of ours, "smile.pt" a file.
std::filesystem::path path_of(const Direction& direction) {
  const std::filesystem::path given(direction.file);
  if (given.has_extension() || given.has_parent_path()) return given;
  return find_model(direction.file, ".safetensors", "directions");
}

int run_edit(const Arguments& arguments) {
  toon::SavedLatents latents = toon::load_latents(arguments.latents);
  const int64_t rows = latents.ws.size(1);
  const int64_t last = arguments.last_row < 0 ? rows - 1 : arguments.last_row;
  if (arguments.first_row > last || last >= rows) {
    throw UsageError("--rows: the latents have rows 0 to " + std::to_string(rows - 1));
  }
  for (const std::string& text : arguments.directions) {
    const Direction direction = parse_direction(text);
    const at::Tensor step =
        toon::load_direction(path_of(direction), rows, latents.ws.size(2), latents.family) *
        direction.strength;
    const at::Tensor everywhere = step.expand({1, rows, -1});
    const int64_t count = last - arguments.first_row + 1;
    latents.ws.narrow(1, arguments.first_row, count) += everywhere.narrow(1, arguments.first_row, count);
    latents.made_by += "; toonmirror edit " + text;
  }
  OutputFile output(arguments.output);
  toon::save_latents(output.temporary_path(), latents);
  output.commit();
  spdlog::info("wrote {}", arguments.output);
  return kDone;
}

}  // namespace

void add_edit(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("edit", "Move latents along directions: older, smiling, turned");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("LATENTS", arguments->latents, "As 'toonmirror project' writes them")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", arguments->output, "The changed latents (.safetensors)")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--direction", arguments->directions,
                   "yaw, pitch, smile, mouth_open, eyes_closed, age, glasses, or a file of one tensor of the "
                   "size of w or W+; and how "
                   "far to go along it; may be repeated")
      ->required()
      ->type_name("NAME|FILE[:STRENGTH]");
  command->add_option("--first-row", arguments->first_row, "First row of W+ that moves; 0 is the coarsest")
      ->type_name("ROW")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--last-row", arguments->last_row, "Last row that moves; -1: the finest")
      ->type_name("ROW");
  add_verbosity_options(*command);
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_edit(*arguments); }; });
}

}  // namespace toonmirror::cli
