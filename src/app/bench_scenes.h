// What `bench` measures: the networks, and the whole chain.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace toonmirror::app {

// Computes something once.
using BenchRun = std::function<void()>;

struct BenchScene {
  std::string name;
  std::string what;
  // Prepares it for the engine's present backend in that type. A run counts `pictures`.
  std::function<BenchRun(c10::ScalarType)> prepare;
  int64_t pictures = 1;
};

std::vector<std::string> bench_scene_names();

// Those of the given names; none: all. Networks of public sizes have random weights, the house's are the
// shipped ones. Throws Error where those are missing.
std::vector<BenchScene> bench_scenes(const std::vector<std::string>& only, int threads);

// Operations of the convolutions and matrix products of a run under engine::Backend::kTorch, in GFLOP (2 ×
// multiply-adds), in the calling thread.
double count_gflop(const BenchRun& run);

// The fastest this machine convolves directly in that type, GFLOP/s. Winograd's algorithm does with fewer
// operations than are counted, and may come out above it.
double measure_peak(c10::ScalarType type, bool int8);

}  // namespace toonmirror::app
