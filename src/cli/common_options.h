// Options that several commands share, so that they are spelled, explained and checked alike everywhere. A
// command adds only those that it obeys.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace toonmirror::cli {

// --style NAME|FILE
void add_style_option(CLI::App& command, std::string& style);

// --seed N
void add_seed_option(CLI::App& command, uint64_t& seed);

// --json
void add_json_option(CLI::App& command, bool& json);

// --quiet and --verbose, which act as soon as they are parsed (base/log.h, media/ffmpeg.h).
void add_verbosity_options(CLI::App& command);

// As given on the command line.
struct ComputeOptions {
  std::string device = "auto";     // auto, cpu, cuda, cuda:N
  std::string precision = "auto";  // auto, fp32, bf16, fp16, int8
  int threads = 0;                 // 0: all usable cores
};

// --device, --precision, --threads
void add_compute_options(CLI::App& command, ComputeOptions& options);

// What the networks run on.
struct Compute {
  c10::Device device = c10::kCPU;
  c10::ScalarType precision = c10::ScalarType::Float;
  int threads = 1;
};

// Resolves "auto" and says with a notice what was chosen. Throws UsageError for a device that is not there or
// a precision that this version does not compute in.
Compute choose_compute(const ComputeOptions& options);

}  // namespace toonmirror::cli
