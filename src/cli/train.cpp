// toonmirror train generator|style|mapping|parser|mesh|motion|directions: makes house models from packs of pairs.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "app/picture_output.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/machine.h"
#include "base/model_path.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "datasets/draw_pairs.h"
#include "nets/find_networks.h"
#include "nets/model_file.h"
#include "teachers/teacher.h"
#include "toon/style.h"
#include "training/mapping_trainer.h"
#include "training/style_trainer.h"

namespace toonmirror::cli {
namespace {

using training::GeneratorTrainingOptions;
using training::RunOptions;
using training::StyleTrainingOptions;

// What those of generators ask for. `pairs` and `nets` point into the options of the training.
void add_run_options(CLI::App& command, RunOptions& run, std::filesystem::path& pairs,
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

int run_generator(const GeneratorTrainingOptions& options, const ModelIdentity& identity) {
  if (options.keep_stages && options.start.empty()) {
    throw UsageError("--keep-stages keeps those of an earlier encoder", "name its folder with --start");
  }
  training::HouseModel model = training::train_generator(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  if (!options.keeps_mapping()) {
    spdlog::info("fitting the mapping network");
    const training::PairPack pack(options.pairs);
    const at::Tensor latents =
        training::encode_all(pack, model.encoder, training::training_type(options.precision)).w;
    const double share = training::fit_mapping(latents, model.generator);
    spdlog::info("seeds vary along axes that hold {:.1f} % of what tells faces apart", 100.0 * share);
  }
  const std::filesystem::path& folder = options.run.output;
  nets::save_network(folder / "face.safetensors", model.generator, identity.family,
                     metadata(identity, "face"));
  nets::save_network(folder / "encoder.safetensors", model.encoder, identity.family,
                     metadata(identity, "encoder"));
  say_written(folder / "face.safetensors");
  say_written(folder / "encoder.safetensors");
  return kDone;
}

struct StyleArguments {
  StyleTrainingOptions options;
  std::string name;
  std::string teacher;
  std::filesystem::path photos;
  std::string generator = "face", encoder = "encoder";
  ModelIdentity identity;
  bool weights_given = false;  // --adversarial or --adversarial-from
};

constexpr std::string_view kPictures = "pictures:";

// Draws a pack in the training's folder, unless an earlier run did.
std::filesystem::path pack_in(const std::filesystem::path& folder, const char* name,
                              datasets::DrawPairsOptions draw) {
  draw.output = folder / name;
  if (std::filesystem::exists(draw.output)) {
    spdlog::info("using {}, drawn before", draw.output.string());
    return draw.output;
  }
  std::filesystem::create_directories(folder);
  draw.sheet = draw.output;
  draw.sheet.replace_extension(".png");
  datasets::draw_pairs(draw);
  return draw.output;
}

// Photos, teacher and pictures as far as they were given instead of packs.
void prepare_packs(StyleArguments& arguments) {
  StyleTrainingOptions& options = arguments.options;
  const bool unpaired = arguments.teacher.starts_with(kPictures);
  if (options.pairs.empty() == arguments.photos.empty()) {
    throw UsageError("train style: what shall it learn from?",
                     "give --photos and a --teacher, or --pairs made by 'toonmirror teach'");
  }
  if (arguments.teacher.empty() != arguments.photos.empty() && !unpaired) {
    throw UsageError("train style: --photos and --teacher belong together");
  }
  if (unpaired) {
    datasets::DrawPairsOptions draw;
    draw.teacher = "photo";
    draw.photos.photos = arguments.teacher.substr(kPictures.size());
    draw.photos.keep_faceless = true;
    options.pictures = pack_in(options.run.output, "pictures.safetensors", draw);
    if (!arguments.weights_given) {
      options.weights.adversarial = 1.0;
      options.weights.adversarial_from = 0.1;
    }
  }
  if (arguments.photos.empty()) return;
  datasets::DrawPairsOptions draw;
  draw.teacher = unpaired ? "photo" : arguments.teacher;
  draw.photos.photos = arguments.photos;
  options.pairs = pack_in(options.run.output, "pairs.safetensors", draw);
}

// The teacher that drew the pairs, where it is one of the program's own.
std::string teacher_of(const std::filesystem::path& pairs) {
  const checkpoint::SafetensorsFile pack(pairs);
  const auto name = pack.metadata().find("teacher");
  return name != pack.metadata().end() && teachers::is_drawing_teacher(name->second) ? name->second : "";
}

std::optional<face::CartoonGeometry> geometry_of(const std::filesystem::path& pairs) {
  const checkpoint::SafetensorsFile pack(pairs);
  const auto text = pack.metadata().find("geometry");
  if (text == pack.metadata().end()) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(text->second);
  return face::CartoonGeometry{json.at("eyes"),         json.at("nose"),
                               json.at("mouth"),        json.at("jaw"),
                               json.value("chin", 0.0), json.value("eyes_behind_glasses", 0.0)};
}

int run_style(StyleArguments arguments) {
  StyleTrainingOptions& options = arguments.options;
  if (options.earlier_child.empty() != options.earlier_generator.empty()) {
    throw UsageError("--earlier-child and --earlier-generator belong together");
  }
  if (!options.earlier_encoder.empty() && options.earlier_child.empty()) {
    throw UsageError("--earlier-encoder says what latents --earlier-child had: give both");
  }
  options.generator = find_model(arguments.generator, ".safetensors");
  options.encoder = find_model(arguments.encoder, ".safetensors");
  arguments.identity.family = nets::family_of(checkpoint::CheckpointFile(options.generator));
  prepare_packs(arguments);
  nets::Generator child = training::train_style(options, training_hooks(), app::write_picture);
  throw_if_interrupted();
  const std::filesystem::path path = options.run.output / (arguments.name + ".safetensors");
  if (options.parent_layers_px > 0) {
    nets::save_child(path, child, checkpoint::CheckpointFile(options.generator),
                     metadata(arguments.identity, arguments.name));
  } else {
    nets::save_network(path, child, arguments.identity.family, metadata(arguments.identity, arguments.name));
  }
  say_written(path);
  toon::Style style;
  style.file = options.run.output / (arguments.name + ".toml");
  style.name = arguments.name;
  style.encoder = options.encoder;
  style.face = options.generator;
  style.child = path;
  style.geometry = geometry_of(options.pairs);
  style.teacher = teacher_of(options.pairs);
  toon::write_style(style);
  spdlog::info("wrote {0}: 'toonmirror convert PHOTO -o CARTOON --style {0}' draws with it",
               style.file.string());
  const training::PairPack pack(options.pairs);
  if (pack.held_out_rows().empty() || options.nets.empty() || !options.pictures.empty()) return kDone;
  nets::HouseEncoder encoder = nets::load_house_encoder(checkpoint::CheckpointFile(options.encoder));
  for (const double likeness : {1.0, 0.0}) {
    const training::StyleFigures f = training::evaluate_style(pack, options.nets, child, encoder, likeness);
    spdlog::info(
        "likeness {:.0f}, {} held-out faces: identity photo-output {:.3f} (p10 {:.3f}), photo-teacher {:.3f} "
        "(p10 {:.3f}), "
        "output-teacher {:.3f}; L1 {:.4f}, perceptual {:.4f}",
        likeness, f.faces, f.photo_to_output.mean, f.photo_to_output.p10, f.photo_to_target.mean,
        f.photo_to_target.p10, f.output_to_target.mean, f.l1, f.perceptual);
  }
  return kDone;
}

// Of drawings that no photo says every pixel of: those of W+ alone, and seeds.
void add_judged_options(CLI::App& command, GeneratorTrainingOptions& options, CLI::Option* start) {
  command
      .add_option(
          "--w-only-l1", options.w_only.l1_px,
          "Compare drawings of W+ alone in pictures averaged down to so many pixels, perceptually and "
          "by identity, and let critics judge them alone (0: compare all samples alike)")
      ->check(CLI::Range(0, 256))
      ->type_name("PX");
  command
      .add_option("--w-only-identity", options.w_only.identity,
                  "Weight of the identity loss of drawings of W+ alone, with --w-only-l1")
      ->check(CLI::Range(0.0, 10.0));
  command
      .add_option("--critic-blur", options.weights.adversarial_blur,
                  "Share of the run over which critics come to see clearly, after --adversarial-from")
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_flag("--face-critics", options.face_critics,
                "Critics look through the stages of the encoder of --start as well")
      ->needs(start);
  CLI::Option* seeds =
      command
          .add_option("--seeds", options.seeds.share,
                      "Seeds drawn for each photo, judged by critics alone; the mapping network is that of "
                      "--start (0: none)")
          ->check(CLI::Range(0.0, 4.0))
          ->needs(start);
  command
      .add_flag("--learn-mapping", options.seeds.learn_mapping,
                "The mapping network learns from what critics say of seeds")
      ->needs(seeds);
  command
      .add_option(
          "--seed-moments", options.seeds.moment_weight,
          "With --learn-mapping: how much the latents of seeds are held to the mean and covariance of "
          "those of photos")
      ->check(CLI::Range(0.0, 100.0));
}

void add_generator(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "generator",
      "Train the face generator and its encoder together, as an auto-encoder, then the mapping network");
  struct Arguments {
    GeneratorTrainingOptions options;
    ModelIdentity identity;
  };
  auto arguments = std::make_shared<Arguments>();
  GeneratorTrainingOptions& options = arguments->options;
  add_run_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
  CLI::Option* start =
      command
          ->add_option(
              "--start", options.start,
              "Earlier face.safetensors and encoder.safetensors to begin with, instead of from nothing")
          ->type_name("FOLDER");
  command->add_flag(
      "--keep-stages", options.keep_stages,
      "The encoder's stages, likeness features and parser stay those of --start: only latents and "
      "generator learn");
  command
      ->add_flag("--keep-encoder", options.keep_encoder,
                 "All of the encoder stays that of --start, and the mapping network with it: only the "
                 "generator learns")
      ->needs(start);
  command->add_option("--quarter-size-share", options.quarter_size_share,
                      "First share of the run, which learns pictures of 64 px");
  command->add_option("--half-size-share", options.half_size_share,
                      "Next share of the run, which learns pictures of 128 px; the rest is 256 px");
  command->add_option("--w-only", options.dropout.all_features,
                      "Share of the samples that must do without likeness features");
  add_judged_options(*command, options, start);
  command->add_option("--family", arguments->identity.family,
                      "Name that generators and encoders with shared latents bear");
  add_identity_options(*command, arguments->identity);
  command->get_option("--pairs")->required();
  command->callback([arguments, &chosen] {
    chosen = [arguments] { return run_generator(arguments->options, arguments->identity); };
  });
}

void add_style(CLI::App& train, Action& chosen) {
  CLI::App* command = train.add_subcommand(
      "style", "Fine-tune a copy of the face generator on a teacher's pictures, or on pictures of any style");
  auto arguments = std::make_shared<StyleArguments>();
  StyleTrainingOptions& options = arguments->options;
  command->add_option("NAME", arguments->name, "Name of the style; the model becomes NAME.safetensors")
      ->required();
  command->add_option("--photos", arguments->photos, "Photos of faces to learn on, instead of --pairs")
      ->type_name("FOLDER");
  command
      ->add_option(
          "--teacher", arguments->teacher,
          "What to learn: a teacher of 'toonmirror teach' that draws the photos (toon, command:PROGRAM, "
          "…), or pictures:FOLDER for the look of pictures that show other faces")
      ->type_name("TEACHER");
  add_run_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
  command
      ->add_option("--content", options.content,
                   "With pictures: how much the drawing is held to the photo, as a factor")
      ->check(CLI::Range(0.0, 100.0));
  command->add_option("--generator", arguments->generator, "The face generator to start from")
      ->type_name("NAME|FILE");
  command->add_option("--encoder", arguments->encoder, "Its encoder")->type_name("NAME|FILE");
  command
      ->add_option(
          "--earlier-child", options.earlier_child,
          "This style as it was learned on an earlier face generator: what it had learned is carried over")
      ->type_name("FILE");
  command->add_option("--earlier-generator", options.earlier_generator, "That earlier face generator")
      ->type_name("FILE");
  command
      ->add_option("--earlier-encoder", options.earlier_encoder,
                   "Its encoder, where the present one has other latents")
      ->type_name("FILE");
  command
      ->add_option("--start", options.start,
                   "A child of this face generator to begin with, also one of smaller pictures or with other "
                   "--parent-layers; the optimiser begins anew")
      ->type_name("FILE")
      ->excludes("--earlier-child");
  command
      ->add_option("--half-size-share", options.half_size_share,
                   "First share of the run, which learns pictures of half the generator's size; 1: all of it")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--parent-layers", options.parent_layers_px,
                   "Layers up to so many pixels stay the face generator's, and NAME.safetensors leaves them "
                   "out: smaller, to be kept in one folder with the face generator")
      ->check(CLI::IsMember({0, 4, 8, 16, 32}));
  command->add_option(
      "--finest-features", options.finest_features_px,
      "Finest likeness features the style hears, in pixels: 32 for one that changes shapes by itself");
  command->add_option("--w-only", options.dropout.all_features,
                      "Share of the samples that must do without likeness features");
  command
      ->add_option("--w-only-rise", options.w_only_rise,
                   "Share of the run over which --w-only rises from a twentieth: the look is learned first")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--teacher-identity", options.weights.target_identity,
                      "Weight of the identity loss between drawing and teacher's picture");
  command
      ->add_option_function<std::string>(
          "--region-weights",
          [&options](const std::string& text) {
            options.weights.regions = training::with_region_weights(options.weights.regions, text);
          },
          "How much pixels of some classes count, such as brow=5,hair=2")
      ->type_name("CLASS=WEIGHT,…");
  add_identity_options(*command, arguments->identity);
  command->callback([arguments, command, &chosen] {
    arguments->weights_given = command->count("--adversarial") + command->count("--adversarial-from") > 0;
    chosen = [arguments] { return run_style(*arguments); };
  });
}

}  // namespace

void add_train(CLI::App& app, Action& chosen) {
  CLI::App* train = app.add_subcommand("train", "Train house models on this machine");
  train->require_subcommand(1);
  add_generator(*train, chosen);
  add_style(*train, chosen);
  add_train_mapping(*train, chosen);
  add_train_parser(*train, chosen);
  add_train_mesh(*train, chosen);
  add_train_motion(*train, chosen);
  add_train_directions(*train, chosen);
}

}  // namespace toonmirror::cli
