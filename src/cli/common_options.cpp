#include "cli/common_options.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/log.h"
#include "cli/exit_code.h"
#include "media/ffmpeg.h"
#include "toon/drawing_size.h"

namespace toonmirror::cli {
namespace {

constexpr int kMostThreads = 1024;

// An option that takes one of some names; `default_name` is that of the value it has.
template <typename Value>
void add_choice(CLI::App& command, const std::string& option, Value& value, const std::string& default_name,
                const std::string& help, const std::map<std::string, Value>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) names.push_back(name);
  command
      .add_option_function<std::string>(
          option, [&value, choices](const std::string& name) { value = choices.at(name); }, help)
      ->type_name("NAME")
      ->default_str(default_name)
      ->check(CLI::IsMember(names));
}

}  // namespace

void add_style_option(CLI::App& command, std::string& style) {
  command.add_option("--style", style, "Style: a name, a .toml file, or a pSp or e4e checkpoint")
      ->type_name("NAME|FILE");
}

void add_paste_option(CLI::App& command, toon::PasteMode& paste) {
  add_choice(
      command, "--paste", paste, "head", "What of the drawing replaces the photo: head, face or crop",
      {{"head", toon::PasteMode::kHead}, {"face", toon::PasteMode::kFace}, {"crop", toon::PasteMode::kCrop}});
}

void add_scene_option(CLI::App& command, toon::SceneChoice& scene) {
  add_choice(command, "--scene", scene, "auto",
             "What is around the heads: keep (as it was photographed), style (drawn in the style's manner) "
             "or auto (as the style says)",
             {{"auto", toon::SceneChoice::kOfStyle},
              {"keep", toon::SceneChoice::kKeep},
              {"style", toon::SceneChoice::kStyle}});
}

void add_faces_option(CLI::App& command, toon::FaceChoice& faces) {
  add_choice(command, "--faces", faces, "all",
             "Which faces are drawn: all, or the one that was largest when it came",
             {{"all", toon::FaceChoice::kAll}, {"largest", toon::FaceChoice::kLargest}});
}

void add_no_face_option(CLI::App& command, tracking::NoFace& no_face) {
  add_choice(command, "--no-face", no_face, "fade",
             "What a drawing does whose face is gone from a video: fade (in a quarter of a second), hold (it "
             "stays for two seconds more) or pass (the picture shows at once)",
             {{"fade", tracking::NoFace::kFade},
              {"hold", tracking::NoFace::kHold},
              {"pass", tracking::NoFace::kPass}});
}

void add_size_option(CLI::App& command, int& size_px) {
  add_choice(command, "--size", size_px, "auto",
             "Pixels of a drawing's side, up to those of the style's network: auto draws small faces at 256",
             {{"auto", toon::DrawingSizes::kAuto}, {"256", 256}, {"512", 512}, {"1024", 1024}});
}

void add_draw_option(CLI::App& command, toon::DrawWith& draw, const std::string& subject) {
  add_choice(command, "--draw", draw, "auto",
             "Who draws " + subject +
                 ": the style's network (child), the program that it learned from (teacher), "
                 "or whom the style prefers (auto)",
             {{"auto", toon::DrawWith::kAuto},
              {"child", toon::DrawWith::kChild},
              {"teacher", toon::DrawWith::kTeacher}});
}

void add_seed_option(CLI::App& command, uint64_t& seed) {
  command.add_option("--seed", seed, "Start of all randomness: the same seed gives the same result")
      ->type_name("N");
}

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "Print the result as JSON");
}

void add_verbosity_options(CLI::App& command) {
  CLI::Option* quiet = command.add_flag_callback(
      "-q,--quiet", [] { set_up_logging(Verbosity::kQuiet); }, "Say nothing but warnings and errors");
  CLI::Option* verbose = command.add_flag_callback(
      "-v,--verbose",
      [] {
        set_up_logging(Verbosity::kVerbose);
        media::set_ffmpeg_logging(true);
      },
      "Also say what helps to find a problem");
  quiet->excludes(verbose);
}

void add_compute_options(CLI::App& command, ComputeOptions& options) {
  command.add_option("--device", options.device, "Where the networks run: auto, cpu, cuda or cuda:N")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        return engine::is_device_name(name) ? ""
                                            : "'" + name + "' is not a device: use auto, cpu, cuda or cuda:N";
      });
  command
      .add_option(
          "--precision", options.precision,
          "Numbers to compute in: auto, fp32, bf16, or int8 (faster where networks are large, less exact)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}));
  command.add_option("--threads", options.threads, "Cores to use; 0 means all")
      ->type_name("N")
      ->check(CLI::Range(0, kMostThreads));
  command
      .add_option("--engine", options.engine,
                  "Who computes on processors: auto or onednn, or torch, the slow reference")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "onednn", "torch"}));
}

int finish_batch(const app::Batch& batch, bool json) {
  if (json) {
    std::cout << batch.to_json().dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << '\n';
  }
  const size_t failures = batch.failures(), count = batch.items().size();
  if (failures == 0) return kDone;
  spdlog::error("{} of {} inputs failed", failures, count);
  return failures == count ? kFailed : kPartlyDone;
}

}  // namespace toonmirror::cli
