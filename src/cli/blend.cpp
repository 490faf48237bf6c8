// toonmirror blend: two generators in, one out, its layers taken from both.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "app/blend_sheet.h"
#include "app/picture_output.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "nets/blending.h"
#include "nets/find_networks.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"
#include "toon/seeds.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::string low, high, output, sheet;
  std::vector<std::string> mix;
  std::string method = "pinkney";
  int64_t resolution = 32;
  int level = 1;
  double width = 0;
  std::vector<double> weights;
  std::string seeds = "0-3";
  double psi = 0.7;
  bool half = false;
  ComputeOptions compute;
};

struct Source {
  std::string path;
  nets::GeneratorWeights weights;
  std::string family;
};

Source open_source(const std::string& path) {
  const checkpoint::CheckpointFile file(path);
  std::optional<nets::GeneratorWeights> weights = nets::find_generator(file);
  if (!weights) {
    throw Error(path + ": holds no StyleGAN2 generator", "'toonmirror inspect' shows what it holds");
  }
  return {path, std::move(*weights), nets::family_of(file)};
}

nets::BlendPlan make_plan(const Arguments& arguments, const nets::GeneratorOptions& options) {
  if (arguments.method == "pinkney") {
    return nets::pinkney_plan(options, arguments.resolution, arguments.level, arguments.width);
  }
  if (arguments.weights.empty()) {
    throw UsageError("--method " + arguments.method + " needs --weights", "");
  }
  return arguments.method == "vtoonify" ? nets::vtoonify_plan(options, arguments.weights)
                                        : nets::layers_plan(options, arguments.weights);
}

// "FILE:WEIGHT,WEIGHT…" of --mix.
struct MixSource {
  Source source;
  std::vector<double> weights;
};

MixSource open_mix_source(const std::string& text) {
  const size_t colon = text.rfind(':');
  std::vector<double> weights;
  bool readable = colon != std::string::npos;
  std::istringstream numbers(readable ? text.substr(colon + 1) : "");
  for (std::string number; readable && std::getline(numbers, number, ',');) {
    const char* end = number.data() + number.size();
    readable = std::from_chars(number.data(), end, weights.emplace_back()).ptr == end;
  }
  if (!readable || weights.empty()) {
    throw UsageError("--mix " + text + ": has no weight",
                     "write --mix FILE:WEIGHT, or a weight per layer, parted by commas");
  }
  return {open_source(text.substr(0, colon)), weights};
}

// How the blend was made, for the result's metadata.
std::string recipe(const Arguments& arguments) {
  nlohmann::ordered_json recipe = {{"method", arguments.method},
                                   {"low", std::filesystem::path(arguments.low).filename().string()},
                                   {"high", std::filesystem::path(arguments.high).filename().string()}};
  if (arguments.method == "pinkney") {
    recipe["resolution"] = arguments.resolution;
    recipe["level"] = arguments.level;
    recipe["width"] = arguments.width;
  } else {
    recipe["weights"] = arguments.weights;
  }
  return recipe.dump();
}

app::SeedPainter painter_of(const Arguments& arguments, const nets::GeneratorOptions& architecture) {
  return {architecture, toon::parse_seeds(arguments.seeds), arguments.psi, choose_compute(arguments.compute)};
}

void warn_of_notes(const Source& source) {
  for (const std::string& note : source.weights.notes) spdlog::warn("{}: {}", source.path, note);
}

void write_result(const Arguments& arguments, const Source& first, const checkpoint::NamedTensors& tensors,
                  const std::string& recipe, bool one_family) {
  const nets::FoundNetwork result = {
      "generator", "blend", nets::architecture_json(first.weights.options), tensors, {}};
  checkpoint::Metadata metadata = {{"blend", recipe}};
  if (!first.family.empty() && one_family) metadata[kFamilyKey] = first.family;
  nets::write_network(arguments.output, result, arguments.half, metadata);
  spdlog::info("wrote {}", arguments.output);
}

// Any number of networks, with weights.
int run_mix(const Arguments& arguments) {
  std::vector<MixSource> sources;
  for (const std::string& text : arguments.mix) sources.push_back(open_mix_source(text));
  const Source& first = sources.front().source;
  std::vector<nets::MixPart> parts;
  nlohmann::ordered_json networks = nlohmann::ordered_json::array();
  bool one_family = true;
  for (const auto& [source, weights] : sources) {
    warn_of_notes(source);
    parts.push_back({&source.weights.tensors, nets::layers_plan(first.weights.options, weights)});
    networks.push_back(
        {{"file", std::filesystem::path(source.path).filename().string()}, {"weights", weights}});
    one_family = one_family && source.family == first.family;
  }
  const checkpoint::NamedTensors tensors = nets::mix_tensors(parts);
  if (!arguments.sheet.empty()) {  // rows: seeds; columns: the networks, then the mixture
    app::SeedPainter painter = painter_of(arguments, first.weights.options);
    std::vector<std::vector<at::Tensor>> columns;
    for (const nets::MixPart& part : parts) columns.push_back(painter.draw(*part.tensors, arguments.sheet));
    columns.push_back(painter.draw(tensors, arguments.sheet));
    app::write_picture(arguments.sheet, app::grid_of_columns(columns));
  }
  if (arguments.output.empty()) return kDone;
  const nlohmann::ordered_json recipe = {{"method", "mix"}, {"networks", networks}};
  write_result(arguments, first, tensors, recipe.dump(), one_family);
  return kDone;
}

int run_blend(const Arguments& arguments) {
  if (arguments.output.empty() && arguments.sheet.empty()) {
    throw UsageError("blend: nothing to write", "name the result with --output, or a picture with --sheet");
  }
  const at::NoGradGuard no_grad;
  if (!arguments.mix.empty()) return run_mix(arguments);
  if (arguments.low.empty() || arguments.high.empty()) {
    throw UsageError("blend: which networks?",
                     "name two with --low and --high, or any number with --mix FILE:WEIGHT");
  }
  const Source low = open_source(arguments.low), high = open_source(arguments.high);
  for (const Source* source : {&low, &high}) warn_of_notes(*source);
  nets::check_blendable(low.weights.tensors, high.weights.tensors);
  const nets::BlendPlan plan = make_plan(arguments, low.weights.options);
  if (!arguments.sheet.empty()) {
    app::SeedPainter painter = painter_of(arguments, low.weights.options);
    app::write_picture(arguments.sheet, app::blend_sheet(painter, low.weights.options, low.weights.tensors,
                                                         high.weights.tensors, arguments.level,
                                                         arguments.width, arguments.sheet));
  }
  if (arguments.output.empty()) return kDone;
  write_result(arguments, low, nets::blend_tensors(low.weights.tensors, high.weights.tensors, plan),
               recipe(arguments), low.family == high.family);
  return kDone;
}

}  // namespace

void add_blend(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "blend",
      "Make one generator of two: coarse layers (structure) of one, fine layers (texture) of another");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--low", arguments->low, "Generator of the layers below the split, in any format")
      ->type_name("FILE");
  command->add_option("--high", arguments->high, "Generator of the layers above it")->type_name("FILE");
  command
      ->add_option("--mix", arguments->mix,
                   "Any number of generators instead, each with its weight, or weights from coarse to fine: "
                   "--mix a.pkl:0.5 b.pt:0.3 c.pt:0.1,0.4")
      ->type_name("FILE:WEIGHT[,WEIGHT…]")
      ->excludes("--low", "--high")
      ->expected(2, 100);
  command->add_option("-o,--output", arguments->output, "The blended generator (.safetensors)")
      ->type_name("FILE");
  command
      ->add_option("--sheet", arguments->sheet,
                   "A picture of blends: seeds down, splits across, the two swapped below")
      ->type_name("FILE");
  command
      ->add_option(
          "--method", arguments->method,
          "pinkney (a split), vtoonify (its weights of --high per layer), layers (weights of --high)")
      ->check(CLI::IsMember({"pinkney", "vtoonify", "layers"}));
  command->add_option("--resolution", arguments->resolution, "pinkney: where the split is, in pixels")
      ->type_name("PX");
  command
      ->add_option("--level", arguments->level,
                   "pinkney: 0 splits before that resolution's up-sampling layer, 1 after it")
      ->check(CLI::Range(0, 1));
  command->add_option("--width", arguments->width, "pinkney: softness of the split; 0 switches at once")
      ->type_name("LAYERS")
      ->check(CLI::Range(0.0, 100.0));
  command
      ->add_option("--weights", arguments->weights,
                   "vtoonify, layers: shares of --high from coarse to fine, parted by commas")
      ->delimiter(',')
      ->type_name("LIST");
  command->add_option("--seeds", arguments->seeds, "Of the faces on the sheet")->type_name("LIST");
  command->add_option("--psi", arguments->psi, "Truncation of the faces on the sheet")
      ->type_name("FACTOR")
      ->check(CLI::Range(0.0, 2.0));
  command->add_flag("--half", arguments->half, "Write 16-bit numbers: half the size");
  add_compute_options(*command, arguments->compute);
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_blend(*arguments); }; });
}

}  // namespace toonmirror::cli
