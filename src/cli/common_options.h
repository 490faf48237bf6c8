// Options that several commands share, so that they are spelled, explained and checked alike everywhere. A
// command adds only those that it obeys.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "toon/compositor.h"
#include "toon/teacher_drawing.h"

namespace CLI {
class App;
}

namespace toonmirror::cli {

// --style NAME|FILE
void add_style_option(CLI::App& command, std::string& style);

// --scene auto|keep|style, and what it means.
void add_scene_option(CLI::App& command, std::string& scene);
toon::SceneChoice chosen_scene(const std::string& scene);

// --size auto|256|512|1024, as toon::DrawingSizes takes it.
void add_size_option(CLI::App& command, int& size_px);

// --draw auto|child|teacher. `subject`: what is drawn, in the help.
void add_draw_option(CLI::App& command, toon::DrawWith& draw, const std::string& subject);

// --seed N
void add_seed_option(CLI::App& command, uint64_t& seed);

// --json
void add_json_option(CLI::App& command, bool& json);

// --quiet and --verbose, which act as soon as they are parsed (base/log.h, media/ffmpeg.h).
void add_verbosity_options(CLI::App& command);

// As given on the command line.
struct ComputeOptions {
  std::string device = "auto";     // auto, cpu, cuda, cuda:N
  std::string precision = "auto";  // auto, fp32, bf16, int8
  int threads = 0;                 // 0: all usable cores
  std::string engine = "auto";     // auto, onednn, torch
};

// --device, --precision, --threads, --engine
void add_compute_options(CLI::App& command, ComputeOptions& options);

// What the networks run on.
struct Compute {
  c10::Device device = c10::kCPU;
  c10::ScalarType precision = c10::ScalarType::Float;
  int threads = 1;
};

// Resolves "auto", says with a notice what was chosen, and chooses the engine's backend for the whole
// program. Throws UsageError for a device or an engine that is not there, or a precision that this version or
// that engine does not compute in.
Compute choose_compute(const ComputeOptions& options);

// Whether processors of this machine have instructions for bfloat16.
bool has_bf16_instructions();

}  // namespace toonmirror::cli
