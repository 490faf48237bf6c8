// toonmirror generate --seeds 0-15 -o grid.png: draws faces that do not exist.
#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/picture_output.h"
#include "cli/walk.h"
#include "nets/model_file.h"
#include "toon/blend.h"
#include "toon/seeds.h"
#include "toon/style.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::string seeds = "0-15";
  std::string output;
  std::string style = "toon";
  std::string generator;  // a network file instead of a style
  double psi = 0.7;
  int columns = 0;
  double walk_s = 0;  // 0: a picture
  std::vector<std::string> between;
  ComputeOptions compute;
};

std::vector<uint64_t> chosen_seeds(const Arguments& arguments) {
  try {
    return toon::parse_seeds(arguments.seeds);
  } catch (const Error& error) {
    throw UsageError(std::string("--seeds: ") + error.what(), error.hint());
  }
}

nets::Generator chosen_generator(const Arguments& arguments) {
  if (arguments.generator.empty()) {
    return toon::load_blended_generator(toon::find_style(arguments.style));
  }
  return nets::load_generator(checkpoint::SafetensorsFile(arguments.generator));
}

int run_generate(const Arguments& arguments) {
  const std::vector<uint64_t> seeds = chosen_seeds(arguments);
  const Compute compute = choose_compute(arguments.compute);
  const at::NoGradGuard no_grad;
  at::set_num_threads(compute.threads);
  nets::Generator generator = chosen_generator(arguments);
  generator->to(compute.device);
  generator->prepare(compute.precision);
  nets::SynthesisOptions options;
  options.compute_type = compute.precision;

  std::vector<at::Tensor> pictures;
  {
    Progress progress({.label = arguments.output,
                       .unit = "faces",
                       .rate_unit = "faces/s",
                       .total = static_cast<int64_t>(seeds.size())});
    for (const uint64_t seed : seeds) {
      throw_if_interrupted();
      const at::Tensor z = toon::latent_of_seed(seed, generator->options().z_dim).to(compute.device);
      const at::Tensor ws = generator->map(z, arguments.psi);
      pictures.push_back(generator->synthesize(ws, {}, options)[0].cpu());
      progress.advance();
    }
  }
  write_picture(arguments.output, toon::picture_grid(pictures, arguments.columns));
  return kDone;
}

int run_walk(const Arguments& arguments) {
  if (!arguments.generator.empty())
    throw UsageError("--walk draws in a --style, not with a --generator alone");
  const Compute compute = choose_compute(arguments.compute);
  const at::NoGradGuard no_grad;
  at::set_num_threads(compute.threads);
  const toon::Style style = toon::find_style(arguments.style);
  const toon::Toonifier toonifier(style, compute.precision, compute.device);
  std::vector<toon::FaceCode> stops;
  if (arguments.between.empty()) {
    nets::Generator generator = toon::load_blended_generator(style);
    for (const uint64_t seed : chosen_seeds(arguments)) {
      const at::Tensor z = toon::latent_of_seed(seed, generator->options().z_dim);
      stops.push_back({generator->map(z, arguments.psi).to(compute.device), {}, {}});
    }
  } else {
    stops = codes_of_photos(toonifier, arguments.between);
  }
  write_walk(arguments.output, toonifier, stops, {.seconds = arguments.walk_s});
  return kDone;
}

}  // namespace

void add_generate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("generate", "Draw faces that do not exist, one for each seed");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--seeds", arguments->seeds, "Numbers and ranges, such as 0-15 or 3,7,20-29")
      ->type_name("LIST");
  command
      ->add_option("-o,--output", arguments->output,
                   "The picture, all faces in a grid; with --walk the video")
      ->type_name("FILE")
      ->required();
  add_style_option(*command, arguments->style);
  command->add_option("--generator", arguments->generator, "A network file instead of a style")
      ->type_name("FILE")
      ->excludes("--style");
  command
      ->add_option("--psi", arguments->psi,
                   "Truncation: 0 draws the average face, 1 the full variety, more exaggerates")
      ->type_name("FACTOR")
      ->check(CLI::Range(0.0, 2.0));
  command->add_option("--columns", arguments->columns, "Of the grid; 0: as many as rows")
      ->type_name("N")
      ->check(CLI::Range(0, 256));
  auto* walk =
      command
          ->add_option("--walk", arguments->walk_s,
                       "Draw a video that walks from face to face for so many seconds instead of a grid")
          ->type_name("SECONDS")
          ->check(CLI::Range(0.1, 600.0));
  command
      ->add_option("--between", arguments->between,
                   "Walk between mixtures of the faces in these photos, not seeds")
      ->type_name("PHOTO…")
      ->needs(walk);
  add_compute_options(*command, arguments->compute);
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] {
    chosen = [arguments] { return arguments->walk_s > 0 ? run_walk(*arguments) : run_generate(*arguments); };
  });
}

}  // namespace toonmirror::cli
