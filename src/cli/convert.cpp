// toonmirror convert INPUT… -o OUT: turns the faces in photos and videos into drawings.
#include "toon/convert.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/batch.h"
#include "app/reports.h"
#include "base/error.h"
#include "base/log.h"
#include "base/usage_error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "media/probe.h"
#include "toon/style.h"
#include "toon/toonifier.h"

namespace toonmirror::cli {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  std::string output;
  std::string style = toon::kDefaultStyle;
  std::optional<double> psi, likeness;
  toon::PasteMode paste = toon::PasteMode::kHead;
  toon::SceneChoice scene = toon::SceneChoice::kOfStyle;
  toon::FaceChoice faces = toon::FaceChoice::kAll;
  tracking::NoFace no_face = tracking::NoFace::kFade;
  int size_px = toon::DrawingSizes::kAuto;
  toon::DrawWith draw = toon::DrawWith::kAuto;
  std::string codec = "auto";
  std::string preset = "medium";
  std::optional<int> crf;
  ComputeOptions compute;
  bool strip_metadata = false;
  bool json = false;
  std::vector<std::string> video_options;  // those that were given
};

// Converts one input after the other with the same networks.
class Converter {
 public:
  explicit Converter(const Arguments& arguments)
      : arguments_(arguments),
        compute_(choose_compute(arguments.compute)),
        face_models_(tracking::load_face_models()),
        toonifier_(chosen_style(arguments), compute_.precision, compute_.device) {
    options_.paste.mode = arguments.paste;
    options_.paste.scene = arguments.scene;
    options_.faces = arguments.faces;
    options_.no_face = arguments.no_face;
    options_.size_px = arguments.size_px;
    options_.draw = chosen_draw(arguments, toonifier_.style());
    options_.workers = compute_.threads;
    options_.strip_metadata = options_.video.strip_metadata = arguments.strip_metadata;
    options_.video.codec = arguments.codec;
    options_.video.crf = arguments.crf;
    options_.video.preset = arguments.preset;
  }

  void convert(app::Batch& batch, app::BatchItem& item) const {
    const media::InputKind kind = media::probe(item.input);
    batch.name_result(item, kind);
    if (arguments_.output.empty()) spdlog::info("{} becomes {}", item.input.string(), item.output.string());
    const auto convert_kind = kind == media::InputKind::kStill ? toon::convert_still : toon::convert_video;
    const toon::ConvertReport report =
        convert_kind(item.input, item.output, toonifier_, face_models_, options_);
    for (const std::string& warning : report.warnings) spdlog::warn("{}", warning);
    for (const std::string& notice : report.notices) spdlog::info("{}", notice);
    item.report = app::to_json(report);
    if (!arguments_.json && verbosity() != Verbosity::kQuiet) {
      std::cout << app::summary(item.output, report) << std::flush;
    }
  }

 private:
  // What psi and likeness ask for only the network can draw.
  static toon::DrawWith chosen_draw(const Arguments& arguments, const toon::Style& style) {
    const bool asks_network = arguments.psi || arguments.likeness;
    if (arguments.draw == toon::DrawWith::kTeacher) {
      if (asks_network) throw UsageError("--psi and --likeness are the network's, a teacher has neither");
      toon::teacher_of_stills(style, arguments.draw);
    }
    return arguments.draw == toon::DrawWith::kAuto && asks_network ? toon::DrawWith::kChild : arguments.draw;
  }

  static toon::Style chosen_style(const Arguments& arguments) {
    toon::Style style = toon::find_style(arguments.style);
    style.psi = arguments.psi.value_or(style.psi);
    style.likeness = arguments.likeness.value_or(style.likeness);
    return style;
  }

  const Arguments& arguments_;
  Compute compute_;
  tracking::FaceModels face_models_;
  toon::Toonifier toonifier_;
  toon::ConvertOptions options_;
};

// Options that mean something to videos alone are a mistake where there is none.
void check_video_options(const Arguments& arguments, const std::vector<std::filesystem::path>& inputs) {
  if (arguments.video_options.empty()) return;
  for (const std::filesystem::path& input : inputs) {
    try {
      if (media::probe(input) == media::InputKind::kVideo) return;
    } catch (const Error&) {  // said when its turn comes
      return;
    }
  }
  throw UsageError(
      arguments.video_options.front() + " is for videos, and " + inputs.front().string() + " is a photo",
      "leave it out");
}

int run_convert(const Arguments& arguments) {
  const std::vector<std::filesystem::path> inputs = app::expand_inputs(arguments.inputs);
  check_video_options(arguments, inputs);
  app::Batch batch(arguments.inputs, inputs, arguments.output,
                   std::filesystem::path(arguments.style).stem().string());
  const Converter converter(arguments);
  batch.run([&](app::BatchItem& item) { converter.convert(batch, item); });
  return finish_batch(batch, arguments.json);
}

}  // namespace

void add_convert(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("convert", "Turn the faces in photos and videos into drawings");
  auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("INPUT", arguments->inputs, "Photos, videos, folders of them, or patterns such as '*.mp4'")
      ->required();
  command
      ->add_option(
          "-o,--output", arguments->output,
          "The result; a folder for several inputs. An existing file is replaced once the new one is "
          "complete (without: beside the input, NAME-STYLE, and nothing is replaced)")
      ->type_name("FILE|FOLDER");
  add_style_option(*command, arguments->style);
  add_paste_option(*command, arguments->paste);
  add_scene_option(*command, arguments->scene);
  add_draw_option(*command, arguments->draw, "photos");
  add_size_option(*command, arguments->size_px);
  add_faces_option(*command, arguments->faces);
  add_no_face_option(*command, arguments->no_face);
  command
      ->add_option("--likeness", arguments->likeness,
                   "Share of the photo's own features, 0 to 1 (default: the style's)")
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0));
  command
      ->add_option("--psi", arguments->psi,
                   "0 draws the average face, 1 the person, above 1 exaggerates (default: the style's)")
      ->type_name("FACTOR")
      ->check(CLI::Range(0.0, 2.0));
  command->add_option("--codec", arguments->codec, "Of videos: auto, h264, hevc, vp9, av1 or ffv1 (lossless)")
      ->type_name("NAME");
  command->add_option("--crf", arguments->crf, "Quality of videos, lower is better (default: the codec's)")
      ->type_name("N");
  command->add_option("--preset", arguments->preset, "Speed of the video encoder: ultrafast … veryslow")
      ->type_name("NAME");
  command->add_flag("--strip-metadata", arguments->strip_metadata,
                    "Leave out what the source says of date, place, camera and titles");
  add_compute_options(*command, arguments->compute);
  add_json_option(*command, arguments->json);
  add_verbosity_options(*command);
  command->callback([arguments, command, &chosen] {
    for (const char* name : {"--codec", "--crf", "--preset", "--no-face"}) {
      if (command->count(name) > 0) arguments->video_options.emplace_back(name);
    }
    chosen = [arguments] { return run_convert(*arguments); };
  });
}

}  // namespace toonmirror::cli
