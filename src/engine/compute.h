// What the networks run on.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace toonmirror::engine {

// As users ask for it.
struct ComputeOptions {
  std::string device = "auto";     // auto, cpu, cuda, cuda:N
  std::string precision = "auto";  // auto, fp32, bf16, int8
  int threads = 0;                 // 0: all usable cores
  std::string engine = "auto";     // auto, onednn, torch
};

// As it is.
struct Compute {
  c10::Device device = c10::kCPU;
  c10::ScalarType precision = c10::ScalarType::Float;
  int threads = 1;
};

// Resolves "auto", says with a notice what was chosen, and chooses the engine's backend for the whole
// program. Throws UsageError for a device or an engine that is not there, or a precision that this version or
// that engine does not compute in.
Compute choose_compute(const ComputeOptions& options);

// Whether that is how a device may be named.
bool is_device_name(const std::string& name);

// Whether processors of this machine have instructions for bfloat16.
bool has_bf16_instructions();

}  // namespace toonmirror::engine
