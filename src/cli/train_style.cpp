// toonmirror train style NAME: a style as a child of the face generator.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "app/picture_output.h"
#include "base/interrupt.h"
#include "base/model_path.h"
#include "base/usage_error.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "datasets/draw_pairs.h"
#include "nets/find_networks.h"
#include "nets/model_file.h"
#include "teachers/teacher.h"
#include "toon/style.h"
#include "training/style_trainer.h"

namespace toonmirror::cli {
namespace {

using training::StyleTrainingOptions;

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

}  // namespace

void add_train_style(CLI::App& train, Action& chosen) {
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
  add_picture_options(*command, options.run, options.pairs, options.nets, options.precision, options.weights);
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

}  // namespace toonmirror::cli
