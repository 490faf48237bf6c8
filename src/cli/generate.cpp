// toonmirror generate --seeds 0-15 -o grid.png: draws faces that do not exist.
#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/picture_output.h"
#include "app/walk.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "nets/model_file.h"
#include "toon/blend.h"
#include "toon/latents.h"
#include "toon/seeds.h"
#include "toon/style.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::string seeds = "0-15";
  std::string output;
  std::string style = "toon";        // the one that has learned most from W+ alone, without likeness features
  std::string generator;             // a network file instead of a style
  std::vector<std::string> latents;  // instead of seeds
  double psi = 0.7;
  bool psi_given = false;
  double likeness = 1;      // of saved latents
  int64_t psi_cutoff = -1;  // rows of W+ that are truncated; −1: all
  std::string noise = "const";
  uint64_t random_seed = 0;
  std::vector<double> sweep;
  std::string mix;
  std::string mix_rows = "0-6";
  int columns = 0;
  double walk_s = 0;  // 0: a picture
  std::vector<std::string> between;
  ComputeOptions compute;
};

std::vector<uint32_t> seeds_from(const std::string& option, const std::string& text) {
  try {
    return toon::parse_seeds(text);
  } catch (const Error& error) {
    throw UsageError(option + ": " + error.what(), error.hint());
  }
}

nets::Generator chosen_generator(const Arguments& arguments) {
  if (arguments.generator.empty()) {
    return toon::BlendedGenerator(toon::find_style(arguments.style)).generator();
  }
  return nets::load_generator(checkpoint::CheckpointFile(arguments.generator));
}

// Draws W+ with one generator and counts.
class Painter {
 public:
  Painter(const Arguments& arguments, int64_t total)
      : arguments_(arguments),
        compute_(choose_compute(arguments.compute)),
        generator_(chosen_generator(arguments)),
        family_(nets::family_of(checkpoint::CheckpointFile(
            arguments.generator.empty() ? toon::find_style(arguments.style).face.string()
                                        : arguments.generator))),
        progress_({.label = arguments.output, .unit = "faces", .rate_unit = "faces/s", .total = total}) {
    at::set_num_threads(compute_.threads);
    generator_->to(compute_.device);
    generator_->prepare(compute_.precision);
    if (arguments.noise == "random") torch::manual_seed(arguments.random_seed);
  }

  // W+ [1, rows, w_dim] of a seed, truncated.
  at::Tensor ws_of(uint32_t seed, double psi) {
    const at::Tensor z = toon::latent_of_seed(seed, generator_->options().z_dim).to(compute_.device);
    return generator_->map(z, psi, arguments_.psi_cutoff);
  }

  // Saved latents, truncated only where the user asks for it. Their rows have to fit the generator.
  toon::SavedLatents saved(const std::string& path) {
    toon::SavedLatents latents = toon::load_latents(path);
    toon::check_latents(latents, generator_->options(), family_, path);
    const at::Tensor average = generator_->mapping->w_avg;
    latents.ws = latents.ws.to(compute_.device);
    if (arguments_.psi_given) latents.ws = average + arguments_.psi * (latents.ws - average);
    for (auto& [resolution, features] : latents.features) {
      features = (features.to(at::kFloat) * arguments_.likeness).to(compute_.device);
    }
    return latents;
  }

  at::Tensor draw(const at::Tensor& ws, const nets::LikenessFeatures& features = {}) {
    throw_if_interrupted();
    static const std::map<std::string, nets::NoiseMode> kModes = {{"const", nets::NoiseMode::kConst},
                                                                  {"random", nets::NoiseMode::kRandom},
                                                                  {"none", nets::NoiseMode::kNone}};
    nets::SynthesisOptions options;
    options.compute_type = compute_.precision;
    options.noise_mode = kModes.at(arguments_.noise);
    progress_.advance();
    return generator_->synthesize(ws, features, options)[0].cpu();
  }

 private:
  const Arguments& arguments_;
  Compute compute_;
  nets::Generator generator_;
  std::string family_;
  Progress progress_;
};

struct Sheet {
  std::vector<at::Tensor> pictures;
  int64_t columns;
};

// Rows: seeds. Columns: how far they are truncated.
Sheet draw_sweep(const Arguments& arguments, const std::vector<uint32_t>& seeds) {
  Painter painter(arguments, static_cast<int64_t>(seeds.size() * arguments.sweep.size()));
  Sheet sheet = {{}, static_cast<int64_t>(arguments.sweep.size())};
  for (const uint32_t seed : seeds) {
    for (const double psi : arguments.sweep) sheet.pictures.push_back(painter.draw(painter.ws_of(seed, psi)));
  }
  return sheet;
}

// Style mixing (Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial
// Networks", section 3.1): each face of the left column with the given rows of W+ from each face of the top
// row.
Sheet draw_mixtures(const Arguments& arguments, const std::vector<uint32_t>& seeds) {
  const std::vector<uint32_t> styles = seeds_from("--mix", arguments.mix);
  const std::vector<uint32_t> rows = seeds_from("--mix-rows", arguments.mix_rows);
  Painter painter(arguments, static_cast<int64_t>((seeds.size() + 1) * (styles.size() + 1) - 1));
  Sheet sheet = {{}, static_cast<int64_t>(styles.size() + 1)};
  for (const uint32_t style : styles) {
    sheet.pictures.push_back(painter.draw(painter.ws_of(style, arguments.psi)));
  }
  sheet.pictures.insert(sheet.pictures.begin(), at::ones_like(sheet.pictures.front()));  // the empty corner
  for (const uint32_t seed : seeds) {
    const at::Tensor ws = painter.ws_of(seed, arguments.psi);
    sheet.pictures.push_back(painter.draw(ws));
    for (const uint32_t style : styles) {
      at::Tensor mixed = ws.clone();
      const at::Tensor from = painter.ws_of(style, arguments.psi);
      for (const uint32_t row : rows) {
        if (row >= mixed.size(1)) {
          throw UsageError("--mix-rows: there is no row " + std::to_string(row),
                           "the last one is " + std::to_string(mixed.size(1) - 1));
        }
        mixed.select(1, row).copy_(from.select(1, row));
      }
      sheet.pictures.push_back(painter.draw(mixed));
    }
  }
  return sheet;
}

Sheet draw_faces(const Arguments& arguments, const std::vector<uint32_t>& seeds) {
  Painter painter(arguments, static_cast<int64_t>(seeds.size()));
  Sheet sheet = {{}, arguments.columns};
  for (const uint32_t seed : seeds) {
    sheet.pictures.push_back(painter.draw(painter.ws_of(seed, arguments.psi)));
  }
  return sheet;
}

Sheet draw_latents(const Arguments& arguments) {
  Painter painter(arguments, static_cast<int64_t>(arguments.latents.size()));
  Sheet sheet = {{}, arguments.columns};
  for (const std::string& path : arguments.latents) {
    const toon::SavedLatents latents = painter.saved(path);
    for (int64_t i = 0; i < latents.ws.size(0); ++i) {
      nets::LikenessFeatures features;
      for (const auto& [resolution, all] : latents.features) features[resolution] = all.narrow(0, i, 1);
      sheet.pictures.push_back(painter.draw(latents.ws.narrow(0, i, 1), features));
    }
  }
  return sheet;
}

int run_generate(const Arguments& arguments) {
  const std::vector<uint32_t> seeds = seeds_from("--seeds", arguments.seeds);
  const at::NoGradGuard no_grad;
  const Sheet sheet = !arguments.latents.empty() ? draw_latents(arguments)
                      : !arguments.sweep.empty() ? draw_sweep(arguments, seeds)
                      : !arguments.mix.empty()   ? draw_mixtures(arguments, seeds)
                                                 : draw_faces(arguments, seeds);
  app::write_picture(arguments.output, toon::picture_grid(sheet.pictures, sheet.columns));
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
    nets::Generator generator = toon::BlendedGenerator(style).generator();
    for (const uint32_t seed : seeds_from("--seeds", arguments.seeds)) {
      const at::Tensor z = toon::latent_of_seed(seed, generator->options().z_dim);
      stops.push_back({generator->map(z, arguments.psi).to(compute.device), {}, {}});
    }
  } else {
    stops = app::codes_of_photos(toonifier, arguments.between);
  }
  app::write_walk(arguments.output, toonifier, stops, {.seconds = arguments.walk_s});
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
  CLI::Option* latents = command
                             ->add_option("--latents", arguments->latents,
                                          "Draw these instead of seeds, as 'toonmirror project' writes them")
                             ->type_name("FILE…")
                             ->excludes("--seeds");
  command
      ->add_option(
          "--likeness", arguments->likeness,
          "With --latents: share of the photo's own features, 0: from W+ alone, so that an edit shows whole")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(latents)
      ->excludes("--seeds");
  CLI::Option* psi =
      command
          ->add_option("--psi", arguments->psi,
                       "Truncation: 0 draws the average face, 1 the full variety, more exaggerates")
          ->type_name("FACTOR")
          ->check(CLI::Range(0.0, 2.0));
  command
      ->add_option("--psi-cutoff", arguments->psi_cutoff,
                   "Truncate this many rows of W+ from the coarse end, the others not at all; -1: all")
      ->type_name("ROWS")
      ->check(CLI::Range(-1, 18));
  command
      ->add_option("--noise", arguments->noise,
                   "Noise pictures of generators that have them: const (the file's own), random, none")
      ->check(CLI::IsMember({"const", "random", "none"}));
  add_seed_option(*command, arguments->random_seed);
  auto* sweep = command
                    ->add_option("--sweep", arguments->sweep,
                                 "A column for each of these truncations, such as -1,-0.5,0,0.5,1")
                    ->delimiter(',')
                    ->type_name("LIST")
                    ->check(CLI::Range(-2.0, 2.0))
                    ->excludes(latents);
  auto* mix =
      command
          ->add_option("--mix", arguments->mix,
                       "Style mixing: a column for each of these seeds, whose rows of W+ the faces take")
          ->type_name("LIST")
          ->excludes(sweep)
          ->excludes(latents);
  command->add_option("--mix-rows", arguments->mix_rows, "Which rows of W+ they take; 0 is the coarsest")
      ->type_name("LIST")
      ->needs(mix);
  command->add_option("--columns", arguments->columns, "Of the grid; 0: as many as rows")
      ->type_name("N")
      ->check(CLI::Range(0, 256));
  auto* walk =
      command
          ->add_option("--walk", arguments->walk_s,
                       "Draw a video that walks from face to face for so many seconds instead of a grid")
          ->type_name("SECONDS")
          ->excludes(sweep)
          ->excludes(mix)
          ->excludes(latents)
          ->check(CLI::Range(0.1, 600.0));
  command
      ->add_option("--between", arguments->between,
                   "Walk between mixtures of the faces in these photos, not seeds")
      ->type_name("PHOTO…")
      ->needs(walk);
  add_compute_options(*command, arguments->compute);
  add_verbosity_options(*command);
  command->callback([arguments, psi, &chosen] {
    arguments->psi_given = psi->count() > 0;
    chosen = [arguments] { return arguments->walk_s > 0 ? run_walk(*arguments) : run_generate(*arguments); };
  });
}

}  // namespace toonmirror::cli
