// toonmirror evaluate: the quality figures of a style on photos and clips.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/batch.h"
#include "base/error.h"
#include "base/model_path.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "evaluation/clip_figures.h"
#include "evaluation/motion_report.h"
#include "evaluation/photo_figures.h"
#include "evaluation/report.h"
#include "evaluation/seed_figures.h"
#include "media/probe.h"
#include "media/still.h"
#include "nets/find_networks.h"
#include "toon/pictures.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::string style = toon::kDefaultStyle, sheet;
  std::vector<std::string> clips, driving, sheet_styles;
  std::optional<double> likeness;
  evaluation::PhotoFiguresOptions photos;
  ComputeOptions compute;
  int64_t frames = 150, seeds = 0;
  bool blend = false;
  size_t people = 32;
  bool all = false, no_toon = false, json = false;
};

int run_motion(const Arguments& arguments) {
  const Compute compute = choose_compute(arguments.compute);
  const tracking::FaceModels face_models = tracking::load_face_models();
  nets::MotionModel model =
      nets::open_motion_model(checkpoint::CheckpointFile(find_model("motion", ".safetensors")));
  model->prepare(compute.precision);
  std::optional<toon::Toonifier> toonifier;
  if (!arguments.no_toon)
    toonifier.emplace(toon::find_style(arguments.style), compute.precision, compute.device);
  evaluation::MotionReportOptions options;
  options.clips = app::expand_inputs(arguments.driving);
  if (const std::string photos = arguments.photos.photos.photos; !photos.empty()) {
    options.sources = app::expand_inputs({photos});
  }
  const auto limit = static_cast<size_t>(arguments.photos.photos.limit);
  if (limit > 0 && limit < options.sources.size()) options.sources.resize(limit);
  options.nets = arguments.photos.nets;
  options.threads = compute.threads;
  const evaluation::MotionReport report =
      evaluation::measure_motion(options, toonifier ? &*toonifier : nullptr, model, face_models);
  for (const std::string& line : report.left_out) spdlog::warn("left out: {}", line);
  fmt::print("{}",
             arguments.json ? evaluation::to_json(report).dump(2) + "\n" : evaluation::to_table(report));
  return report.left_out.empty() ? kDone : kPartlyDone;
}

std::vector<evaluation::ClipFigures> measure_clips(const Arguments& arguments,
                                                   const toon::Toonifier& toonifier,
                                                   const tracking::FaceModels& face_models) {
  std::vector<evaluation::ClipFigures> figures;
  for (const std::filesystem::path& file : app::expand_inputs(arguments.clips)) {
    if (media::probe(file) != media::InputKind::kVideo) continue;
    figures.push_back(evaluation::measure_clip(file, toonifier, face_models, arguments.frames));
    spdlog::info("{}: {} of {} pictures with a face, {} at rest", figures.back().name,
                 figures.back().with_face, figures.back().frames, figures.back().at_rest);
  }
  if (figures.empty()) throw Error("--clips: names no video");
  return figures;
}

void write_sheet(const Arguments& arguments, const toon::Toonifier& measured, const Compute& compute) {
  std::vector<std::unique_ptr<toon::Toonifier>> made;
  std::vector<const toon::Toonifier*> shown;
  for (const std::string& name : arguments.sheet_styles) {
    made.push_back(
        std::make_unique<toon::Toonifier>(toon::find_style(name), compute.precision, compute.device));
    shown.push_back(made.back().get());
  }
  if (shown.empty()) shown.push_back(&measured);
  const cv::Mat sheet = evaluation::contact_sheet(arguments.photos, shown, arguments.people);
  media::write_still(arguments.sheet, toon::still_of(sheet));
  spdlog::info("wrote {}", arguments.sheet);
}

evaluation::SeedFiguresOptions seed_options(const Arguments& arguments, const Compute& compute) {
  evaluation::SeedFiguresOptions options;
  options.count = arguments.seeds;
  options.photos = arguments.photos.photos;
  options.nets = arguments.photos.nets;
  options.reference = arguments.photos.reference;
  options.threads = compute.threads;
  return options;
}

evaluation::SeedFigures measure_seeds_of(const Arguments& arguments, toon::Style style,
                                         const Compute& compute,
                                         const face::SharedLandmarkPredictor& predictor) {
  style.likeness = 0;
  const toon::Toonifier w_only(style, compute.precision, compute.device);
  style.psi = evaluation::kSeedPsi;
  const toon::Toonifier seeds(style, compute.precision, compute.device);
  return evaluation::measure_seeds(seed_options(arguments, compute), seeds, w_only, predictor);
}

void check(const Arguments& arguments) {
  const evaluation::PhotoFiguresOptions& photos = arguments.photos;
  const bool has_folder = !photos.photos.photos.empty(), has_photos = has_folder || !photos.pairs.empty();
  if (arguments.no_toon && arguments.driving.empty()) {
    throw UsageError("--no-toon moves photos undrawn: say by what with --driving");
  }
  if (!has_photos && arguments.clips.empty() && arguments.driving.empty())
    throw UsageError("name a folder of photos, --pairs or --clips");
  if (has_folder && !photos.pairs.empty()) throw UsageError("a folder of photos or --pairs: not both");
  if (!photos.pairs.empty() && !photos.photos.labels.empty()) {
    throw UsageError("--pairs has labels of its own", "leave --labels out; --index gives the ages");
  }
  if (!arguments.sheet.empty() && !has_photos) throw UsageError("--sheet shows photos: name their folder");
  if (arguments.blend && arguments.seeds == 0) {
    throw UsageError("--blend draws seeds: say how many with --seeds");
  }
  if (arguments.seeds > 0 && !has_folder)
    throw UsageError("--seeds are compared with photos: name their folder");
}

int run_evaluate(Arguments arguments) {
  check(arguments);
  if (!arguments.driving.empty()) return run_motion(arguments);
  const bool has_photos = !arguments.photos.photos.photos.empty() || !arguments.photos.pairs.empty();
  const Compute compute = choose_compute(arguments.compute);
  arguments.photos.threads = compute.threads;
  arguments.photos.held_out_only = !arguments.all;
  toon::Style style = toon::find_style(arguments.style);
  if (arguments.likeness) style.likeness = *arguments.likeness;
  const toon::Toonifier toonifier(style, compute.precision, compute.device);
  const tracking::FaceModels face_models = tracking::load_face_models();
  evaluation::EvaluationReport report;
  report.style = style.name;
  report.likeness = style.likeness;
  if (arguments.blend) {
    report.blends =
        evaluation::measure_blends(seed_options(arguments, compute), style, compute, face_models.landmarks);
  } else if (arguments.seeds > 0) {
    report.seeds = measure_seeds_of(arguments, style, compute, face_models.landmarks);
  } else if (has_photos) {
    report.photos = evaluation::measure_photos(arguments.photos, toonifier, face_models.landmarks);
    for (const std::string& line : report.photos->left_out) spdlog::warn("left out: {}", line);
  }
  if (!arguments.clips.empty()) report.clips = measure_clips(arguments, toonifier, face_models);
  if (!arguments.sheet.empty()) write_sheet(arguments, toonifier, compute);
  fmt::print("{}",
             arguments.json ? evaluation::to_json(report).dump(2) + "\n" : evaluation::to_table(report));
  return report.photos && !report.photos->left_out.empty() ? kPartlyDone : kDone;
}

}  // namespace

void add_evaluate(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "evaluate", "Quality figures of a style: identity, shapes, steadiness, per group of people");
  const auto arguments = std::make_shared<Arguments>();
  evaluation::PhotoFiguresOptions& photos = arguments->photos;
  command->add_option("PHOTOS", photos.photos.photos, "Folder of photos; of each the largest face is used")
      ->type_name("");
  command
      ->add_option("--clips", arguments->clips, "Videos, or folders of videos: how steady the drawings are")
      ->type_name("FILE|FOLDER");
  CLI::Option* driving =
      command
          ->add_option("--driving", arguments->driving,
                       "Instead: PHOTOS, drawn, are moved by these videos; how well they follow")
          ->type_name("FILE|FOLDER");
  command->add_flag("--no-toon", arguments->no_toon, "With --driving: the photos themselves are moved");
  command
      ->add_option("--frames", arguments->frames,
                   "Of each of --clips at most so many pictures, from its beginning")
      ->capture_default_str()
      ->excludes(driving)
      ->check(CLI::PositiveNumber);
  add_style_option(*command, arguments->style);
  command->add_option("--likeness", arguments->likeness, "Instead of the style's own; 0: from W+ alone")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--nets", photos.nets,
                      "Folder of the networks that judge identity and look (docs/training.md); without it, "
                      "shapes and steadiness alone are measured");
  command
      ->add_option("--pairs", photos.pairs,
                   "Instead of PHOTOS: the held-out photos of a pack, and its pictures as the teacher's")
      ->type_name("FILE");
  command
      ->add_option("--seeds", arguments->seeds,
                   "Instead of drawings of PHOTOS measure the faces of so many seeds, at a psi of 0.7")
      ->check(CLI::Range(2, 100'000));
  command->add_flag(
      "--blend", arguments->blend,
      "With --seeds: what the style's coarse layers do above the face generator's fine ones and "
      "the other way round, at every split");
  command->add_option("--teacher", photos.teacher,
                      "Also compare with the pictures of this teacher (toonmirror teach)");
  command->add_option("--reference", photos.reference,
                      "Folder of pictures of the wanted look, for KID (with --seeds: PHOTOS)");
  command->add_option(
      "--index", photos.photos.index,
      "CSV with columns file and lm68, optional person, meta (age): PHOTOS holds FFHQ-aligned crops of "
      "256 px, of which those are measured that no training sees");
  command->add_option("--labels", photos.photos.labels,
                      "With --index: folder of face-parsing labels, NAME.png");
  command->add_flag("--all", arguments->all, "With --index: measure all photos, not the held-out ones alone");
  command->add_option("--limit", photos.photos.limit,
                      "Of the folder use only so many photos, evenly spread (0: all)");
  command->add_option("--sheet", arguments->sheet, "Also write a picture of people and their drawings");
  command->add_option("--sheet-styles", arguments->sheet_styles, "Styles on the sheet (the measured one)")
      ->delimiter(',');
  command->add_option("--people", arguments->people, "People on the sheet")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  add_json_option(*command, arguments->json);
  add_compute_options(*command, arguments->compute);
  add_verbosity_options(*command);
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_evaluate(*arguments); }; });
}

}  // namespace toonmirror::cli
