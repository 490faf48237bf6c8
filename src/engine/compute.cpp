#include "engine/compute.h"

#include <spdlog/spdlog.h>
#include <torch/cuda.h>

#include "base/machine.h"
#include "base/usage_error.h"
#include "engine/backend.h"

namespace toonmirror::engine {
namespace {

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
  if (name == "onednn" && !has_onednn()) {
    throw UsageError("--engine onednn: this build has no oneDNN", "build it where libdnnl-dev is installed");
  }
  set_backend(name == "torch" ? Backend::kTorch : Backend::kOneDnn);
}

c10::ScalarType choose_precision(const std::string& name, const at::Device& device) {
  // The drawing looks the same in either.
  const bool bf16 = device.is_cpu() && bfloat16_pays();
  if (name == "auto") return bf16 ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
  if (name == "int8") {
    if (!device.is_cpu()) throw UsageError("--precision int8 is for processors", "use --device cpu");
    return bf16 ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
  }
  return name == "bf16" ? c10::ScalarType::BFloat16 : c10::ScalarType::Float;
}

}  // namespace

bool is_device_name(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return true;
  constexpr size_t kPrefix = 5;  // "cuda:"
  return name.starts_with("cuda:") && name.size() > kPrefix && name.size() <= kPrefix + 2 &&
         name.find_first_not_of("0123456789", kPrefix) == std::string::npos;
}

bool has_bf16_instructions() { return read_processor().has("avx512_bf16"); }

Compute choose_compute(const ComputeOptions& asked) {
  ComputeOptions options = asked;
  Compute compute;
  choose_engine(options.engine, options.precision);
  compute.device = choose_device(options.device);
  compute.precision = choose_precision(options.precision, compute.device);
  compute.threads = options.threads > 0 ? options.threads : usable_cores();
  const bool bf16 = compute.precision == c10::ScalarType::BFloat16;
  const bool int8 = options.precision == "int8";
  set_int8(int8);
  if (options.device == "auto" || options.precision == "auto" || options.threads == 0) {
    spdlog::info("computing on {} in {} with {} thread{}", compute.device.str(),
                 int8   ? "int8"
                 : bf16 ? "bf16"
                        : "fp32",
                 compute.threads, compute.threads == 1 ? "" : "s");
  }
  if (int8 && !int8_pays()) {
    spdlog::warn("this processor has no instructions for int8: computing without");
  }
  if (bf16 && compute.device.is_cpu() && !bfloat16_pays()) {
    spdlog::warn("this processor is slower in bf16 than in fp32");
  }
  return compute;
}

}  // namespace toonmirror::engine
