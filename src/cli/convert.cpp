// toonmirror convert INPUT… -o OUT: turns the faces in photos and videos into drawings.
#include "toon/convert.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/default_style.h"
#include "cli/exit_code.h"
#include "media/probe.h"
#include "toon/batch.h"
#include "toon/style.h"
#include "toon/toonifier.h"

namespace toonmirror::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

const std::map<std::string, toon::PasteMode> kPasteModes = {
    {"head", toon::PasteMode::kHead}, {"face", toon::PasteMode::kFace}, {"crop", toon::PasteMode::kCrop}};
const std::map<std::string, toon::FaceChoice> kFaceChoices = {{"all", toon::FaceChoice::kAll},
                                                              {"largest", toon::FaceChoice::kLargest}};

struct Arguments {
  std::vector<std::string> inputs;
  std::string output;
  std::string style = kDefaultStyle;
  std::optional<double> psi, likeness;
  std::string paste = "head";
  std::string scene = "auto";
  std::string faces = "all";
  int size_px = toon::DrawingSizes::kAuto;
  toon::DrawWith draw = toon::DrawWith::kAuto;
  std::string codec = "auto";
  std::string preset = "medium";
  std::optional<int> crf;
  ComputeOptions compute;
  bool json = false;
};

// What became of one input.
struct Result {
  fs::path input, output;
  std::optional<toon::ConvertReport> report;
  std::string error, hint;  // where there is no report
};

bool is_folder(const fs::path& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

// Whether results are named after the inputs in a folder `output`, which is created where it is missing.
bool writes_into_folder(const Arguments& arguments, size_t input_count) {
  const fs::path output = arguments.output;
  const bool folder_input = std::ranges::any_of(arguments.inputs, is_folder);
  const bool into_folder = is_folder(output) || !output.has_filename() || input_count > 1 || folder_input;
  if (!into_folder) return false;
  std::error_code failure;
  if (fs::exists(output, failure) && !is_folder(output)) {
    throw UsageError(output.string() + ": is a file, and there are several inputs",
                     "give a folder as the output");
  }
  fs::create_directories(output, failure);
  if (failure) throw Error(output.string() + ": this folder cannot be made: " + failure.message());
  return true;
}

void print_summary(const Result& result) {
  const toon::ConvertReport& report = *result.report;
  if (report.frames == 1) {
    std::cout << fmt::format("{}: {} face{} in {:.1f} s\n", result.output.string(), report.faces,
                             report.faces == 1 ? "" : "s", report.seconds);
  } else {
    std::cout << fmt::format("{}: {} frames, {:.0f}% with a face, in {:.1f} s ({:.1f} fps)\n",
                             result.output.string(), report.frames,
                             100.0 * double(report.frames_with_face) / double(report.frames), report.seconds,
                             double(report.frames) / report.seconds);
    std::cout << format_stage_costs(report.stages);
  }
  std::cout.flush();
}

ordered_json as_json(const Result& result) {
  ordered_json object = {{"input", result.input.string()}, {"output", result.output.string()}};
  if (!result.report) {
    object["error"] = result.error;
    object["hint"] = result.hint;
    return object;
  }
  const toon::ConvertReport& report = *result.report;
  object["frames"] = report.frames;
  object["frames_with_face"] = report.frames_with_face;
  object["faces"] = report.faces;
  object["seconds"] = report.seconds;
  object["fps"] = double(report.frames) / report.seconds;
  object["stages"] = ordered_json::array();
  for (const StageCost& cost : report.stages) {
    object["stages"].push_back({{"stage", cost.stage},
                                {"calls", cost.calls},
                                {"wall_ms", cost.wall_ms},
                                {"cpu_ms", cost.cpu_ms},
                                {"p50_ms", cost.p50_ms},
                                {"p95_ms", cost.p95_ms}});
  }
  object["notices"] = report.notices;
  object["warnings"] = report.warnings;
  return object;
}

// Converts one input after the other with the same networks.
class Converter {
 public:
  explicit Converter(const Arguments& arguments)
      : arguments_(arguments),
        compute_(choose_compute(arguments.compute)),
        predictor_(face::load_landmark_predictor()),
        toonifier_(chosen_style(arguments), compute_.precision, compute_.device) {
    options_.paste.mode = kPasteModes.at(arguments.paste);
    options_.paste.scene = chosen_scene(arguments.scene);
    options_.faces = kFaceChoices.at(arguments.faces);
    options_.size_px = arguments.size_px;
    options_.draw = chosen_draw(arguments, toonifier_.style());
    options_.workers = compute_.threads;
    options_.video.codec = arguments.codec;
    options_.video.crf = arguments.crf;
    options_.video.preset = arguments.preset;
  }

  // `output` empty: named by `names`.
  void convert(Result& result, toon::ResultNames& names) const {
    const media::InputKind kind = media::probe(result.input);
    if (result.output.empty()) result.output = names.result_of(result.input, kind);
    const auto convert_kind = kind == media::InputKind::kStill ? toon::convert_still : toon::convert_video;
    result.report = convert_kind(result.input, result.output, toonifier_, predictor_, options_);
    for (const std::string& warning : result.report->warnings) spdlog::warn("{}", warning);
    for (const std::string& notice : result.report->notices) spdlog::info("{}", notice);
    if (!arguments_.json && verbosity() != Verbosity::kQuiet) print_summary(result);
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
  face::SharedLandmarkPredictor predictor_;
  toon::Toonifier toonifier_;
  toon::ConvertOptions options_;
};

int run_convert(const Arguments& arguments) {
  const std::vector<fs::path> inputs = toon::expand_inputs(arguments.inputs);
  const bool into_folder = writes_into_folder(arguments, inputs.size());
  const bool batch = inputs.size() > 1;
  toon::ResultNames names(arguments.output);
  const Converter converter(arguments);
  std::vector<Result> results;
  size_t failed = 0;
  for (const fs::path& input : inputs) {
    Result& result = results.emplace_back();
    result.input = input;
    if (!into_folder) result.output = arguments.output;
    try {
      converter.convert(result, names);
    } catch (const Error& error) {
      if (!batch) throw;
      ++failed;
      result.error = error.what();
      result.hint = error.hint();
      spdlog::error("{}", result.error);
      if (!result.hint.empty()) spdlog::info("hint: {}", result.hint);
    }
  }
  if (arguments.json) {
    ordered_json list = ordered_json::array();
    for (const Result& result : results) list.push_back(as_json(result));
    std::cout << list.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  }
  if (failed == 0) return kDone;
  spdlog::error("{} of {} inputs failed", failed, inputs.size());
  return failed == inputs.size() ? kFailed : kPartlyDone;
}

template <typename Value>
std::vector<std::string> names_of(const std::map<std::string, Value>& values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  return names;
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
          "complete")
      ->type_name("FILE|FOLDER")
      ->required();
  add_style_option(*command, arguments->style);
  command
      ->add_option("--paste", arguments->paste, "What of the drawing replaces the photo: head, face or crop")
      ->type_name("NAME")
      ->check(CLI::IsMember(names_of(kPasteModes)));
  add_scene_option(*command, arguments->scene);
  add_draw_option(*command, arguments->draw, "photos");
  add_size_option(*command, arguments->size_px);
  command->add_option("--faces", arguments->faces, "Which faces are drawn: all, or the largest")
      ->type_name("NAME")
      ->check(CLI::IsMember(names_of(kFaceChoices)));
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
  add_compute_options(*command, arguments->compute);
  add_json_option(*command, arguments->json);
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_convert(*arguments); }; });
}

}  // namespace toonmirror::cli
