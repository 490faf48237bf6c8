#include "cli/common_options.h"

#include <spdlog/spdlog.h>
#include <torch/cuda.h>

#include <CLI/CLI.hpp>
#include <map>

#include "base/log.h"
#include "cli/exit_code.h"
#include "cli/machine.h"
#include "engine/backend.h"
#include "media/ffmpeg.h"
#include "toon/drawing_size.h"

namespace toonmirror::cli {
namespace {

constexpr int kMostThreads = 1024;

c10::Device choose_device(const std::string& name) {
  const auto available = static_cast<int>(torch::cuda::device_count());
  if (name == "auto") return available > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (name == "cpu") return c10::kCPU;
  const bool has_index = name.starts_with("cuda:");
  const int index = has_index ? std::stoi(name.substr(5)) : 0;
  if (available == 0) {
    throw UsageError("--device " + name + ": this LibTorch finds no GPU", "use --device cpu or auto");
  }
  if (index >= available) {
    throw UsageError("--device " + name + ": there is no such GPU",
                     "the last one is cuda:" + std::to_string(available - 1));
  }
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

// Plain LibTorch is for comparison, and its bf16 has wrong results on processors (conv_transpose2d of 1.13).
void choose_engine(const std::string& name, std::string& precision) {
  if (name == "torch") {
    if (precision != "auto" && precision != "fp32") {
      throw UsageError("--engine torch computes in fp32 alone", "leave out --precision");
    }
    precision = "fp32";
  }
  if (name == "onednn" && !engine::has_onednn()) {
    throw UsageError("--engine onednn: this build has no oneDNN", "build it where libdnnl-dev is installed");
  }
  engine::set_backend(name == "torch" ? engine::Backend::kTorch : engine::Backend::kOneDnn);
}

c10::ScalarType choose_precision(const std::string& name, const at::Device& device) {
  // The drawing looks the same in either.
  const bool bf16 = device.is_cpu() && engine::bfloat16_pays();
  if (name == "auto") return bf16 ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
  if (name == "int8") {
    if (!device.is_cpu()) throw UsageError("--precision int8 is for processors", "use --device cpu");
    return bf16 ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
  }
  return name == "bf16" ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
}

bool is_device_name(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return true;
  constexpr size_t kPrefix = 5;  // "cuda:"
  return name.starts_with("cuda:") && name.size() > kPrefix && name.size() <= kPrefix + 2 &&
         name.find_first_not_of("0123456789", kPrefix) == std::string::npos;
}

}  // namespace

bool has_bf16_instructions() { return read_processor().has("avx512_bf16"); }

void add_style_option(CLI::App& command, std::string& style) {
  command.add_option("--style", style, "Style: a name, a .toml file, or a pSp or e4e checkpoint")
      ->type_name("NAME|FILE");
}

void add_scene_option(CLI::App& command, std::string& scene) {
  command
      .add_option(
          "--scene", scene,
          "What is around the heads: keep (as it was photographed), style (drawn in the style's manner) "
          "or auto (as the style says)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "keep", "style"}));
}

toon::SceneChoice chosen_scene(const std::string& scene) {
  if (scene == "keep") return toon::SceneChoice::kKeep;
  return scene == "style" ? toon::SceneChoice::kStyle : toon::SceneChoice::kOfStyle;
}

void add_size_option(CLI::App& command, int& size_px) {
  static const std::map<std::string, int> kSizes = {
      {"auto", toon::DrawingSizes::kAuto}, {"256", 256}, {"512", 512}, {"1024", 1024}};
  command
      .add_option_function<std::string>(
          "--size", [&size_px](const std::string& name) { size_px = kSizes.at(name); },
          "Pixels of a drawing's side, up to those of the style's network: auto draws small faces at 256")
      ->type_name("SIZE")
      ->default_str("auto")
      ->check(CLI::IsMember({"auto", "256", "512", "1024"}));
}

void add_draw_option(CLI::App& command, toon::DrawWith& draw, const std::string& subject) {
  static const std::map<std::string, toon::DrawWith> kNames = {{"auto", toon::DrawWith::kAuto},
                                                               {"child", toon::DrawWith::kChild},
                                                               {"teacher", toon::DrawWith::kTeacher}};
  command
      .add_option_function<std::string>(
          "--draw", [&draw](const std::string& name) { draw = kNames.at(name); },
          "Who draws " + subject +
              ": the style's network (child), the program that it learned from (teacher), "
              "or whom the style prefers (auto)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "child", "teacher"}));
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
        return is_device_name(name) ? "" : "'" + name + "' is not a device: use auto, cpu, cuda or cuda:N";
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

Compute choose_compute(const ComputeOptions& asked) {
  ComputeOptions options = asked;
  Compute compute;
  choose_engine(options.engine, options.precision);
  compute.device = choose_device(options.device);
  compute.precision = choose_precision(options.precision, compute.device);
  compute.threads = options.threads > 0 ? options.threads : usable_cores();
  const bool bf16 = compute.precision == c10::ScalarType::BFloat16;
  const bool int8 = options.precision == "int8";
  engine::set_int8(int8);
  if (options.device == "auto" || options.precision == "auto" || options.threads == 0) {
    spdlog::info("computing on {} in {} with {} thread{}", compute.device.str(),
                 int8   ? "int8"
                 : bf16 ? "bf16"
                        : "fp32",
                 compute.threads, compute.threads == 1 ? "" : "s");
  }
  if (int8 && !engine::int8_pays()) {
    spdlog::warn("this processor has no instructions for int8: computing without");
  }
  if (bf16 && compute.device.is_cpu() && !engine::bfloat16_pays()) {
    spdlog::warn("this processor is slower in bf16 than in fp32");
  }
  return compute;
}

}  // namespace toonmirror::cli
