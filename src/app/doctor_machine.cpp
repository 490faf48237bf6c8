// The parts of `toonmirror doctor` that concern computing: processor, memory, LibTorch, BLAS, oneDNN.
#include <ATen/Context.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <filesystem>
#include <utility>

#include "app/doctor_checks.h"
#include "base/machine.h"

namespace toonmirror::app {
namespace {

namespace fs = std::filesystem;

constexpr double kGigabyte = 1e9;
constexpr double kTightMemoryGb = 1.5;

std::string instruction_sets(const Processor& processor) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"avx2", "AVX2"},         {"avx512f", "AVX-512"},          {"avx512_vnni", "AVX-512 VNNI"},
      {"avx_vnni", "AVX VNNI"}, {"avx512_bf16", "AVX-512 BF16"}, {"avx512_fp16", "AVX-512 FP16"},
      {"amx_bf16", "AMX BF16"}, {"amx_int8", "AMX INT8"}};
  std::string text;
  for (const auto& [flag, name] : kNames) {
    if (processor.has(flag)) text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text.empty() ? "none of AVX2, AVX-512, VNNI, BF16, AMX" : text;
}

Finding check_instructions(const Processor& processor) {
  Finding finding{"instructions", Health::kOk, instruction_sets(processor), ""};
#if defined(__x86_64__)
  if (!processor.has("avx2")) {
    finding.health = Health::kWarning;
    finding.hint = "networks will be slow: this processor, or the virtual machine, lacks AVX2";
  }
#endif
  return finding;
}

Finding check_gpu() {
  const size_t count = torch::cuda::device_count();
  if (count > 0) return {"GPU", Health::kOk, fmt::format("{} for CUDA", count), ""};
  std::error_code unknown;
  if (!fs::exists("/dev/nvidia0", unknown)) {
    return {"GPU", Health::kOk, "none: networks run on the processor", ""};
  }
  return {"GPU", Health::kWarning, "an NVIDIA GPU is there, but this LibTorch is built for processors only",
          "build with a CUDA build of LibTorch: cmake -DCMAKE_PREFIX_PATH=…/libtorch"};
}

// The file that holds sgemm_, the routine LibTorch's float matrix products end in.
std::string blas_library() {
  Dl_info info{};
  void* routine = dlsym(RTLD_DEFAULT, "sgemm_");
  if (routine == nullptr || dladdr(routine, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code unknown;
  const fs::path path = fs::canonical(info.dli_fname, unknown);
  return unknown ? std::string(info.dli_fname) : path.string();
}

Finding check_blas() {
  const std::string path = blas_library();
  if (path.empty()) return {"BLAS", Health::kOk, "inside LibTorch", ""};
  const std::string name = blas_name(path);
  Finding finding{"BLAS", Health::kOk, name + ", " + path, ""};
  if (name == "reference BLAS") {
    finding.health = Health::kWarning;
    finding.detail += ": matrix products are many times slower than they could be";
    finding.hint = "apt install libopenblas0-pthread";
  }
  return finding;
}

Finding check_onednn() {
  if (at::hasMKLDNN()) {
    const std::string version = at::get_mkldnn_version();
    return {"oneDNN", Health::kOk, version.substr(0, version.find(" (")), ""};
  }
  return {"oneDNN", Health::kWarning, "not part of this LibTorch: convolutions will be slow",
          "use a LibTorch with oneDNN, such as Debian's libtorch-dev"};
}

}  // namespace

std::vector<Finding> check_machine() {
  const Processor processor = read_processor();
  const int cores = usable_cores();
  std::vector<Finding> findings;
  findings.push_back({"processor", Health::kOk,
                      fmt::format("{}, {} usable core{}", processor.model, cores, cores == 1 ? "" : "s"),
                      ""});
  findings.push_back(check_instructions(processor));
  const Memory memory = read_memory();
  const double available_gb = static_cast<double>(memory.available_bytes) / kGigabyte;
  Finding finding{"memory", Health::kOk,
                  fmt::format("{:.1f} GB, {:.1f} GB available",
                              static_cast<double>(memory.total_bytes) / kGigabyte, available_gb),
                  ""};
  if (available_gb < kTightMemoryGb) {
    finding.health = Health::kWarning;
    finding.hint = "close other programs before converting large videos";
  }
  findings.push_back(std::move(finding));
  return findings;
}

std::vector<Finding> check_computing() {
  std::vector<Finding> findings;
  findings.push_back({"LibTorch", Health::kOk, TORCH_VERSION, ""});
  findings.push_back(check_gpu());
  findings.push_back(check_blas());
  findings.push_back(check_onednn());
  return findings;
}

std::string blas_name(const std::string& library_path) {
  constexpr std::pair<const char*, const char*> kNames[] = {{"openblas-pthread", "OpenBLAS (pthread)"},
                                                            {"openblas-openmp", "OpenBLAS (OpenMP)"},
                                                            {"openblas-serial", "OpenBLAS (one thread)"},
                                                            {"openblas", "OpenBLAS"},
                                                            {"libmkl", "Intel MKL"},
                                                            {"blis", "BLIS"},
                                                            {"atlas", "ATLAS"},
                                                            {"/blas/", "reference BLAS"}};
  for (const auto& [mark, name] : kNames) {
    if (library_path.find(mark) != std::string::npos) return name;
  }
  return "unknown BLAS";
}

}  // namespace toonmirror::app
