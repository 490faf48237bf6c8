// How long the parts of drawing a face take, with the house models:
//   scripts/build release benchmarks && build/release/tests/benchmarks/toon_benchmark
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <opencv2/core.hpp>

#include "base/model_path.h"
#include "toon/blend.h"
#include "toon/toonifier.h"

namespace toonmirror::toon {
namespace {

at::ScalarType type_of(const benchmark::State& state) {
  return state.range(0) == 0 ? at::kFloat : at::kBFloat16;
}

// A slider moved by one notch: the split goes from one resolution to the next and back.
void reblend_split(benchmark::State& state) {
  BlendedGenerator blended(load_style(find_model("toon", ".toml")));
  blended.prepare(at::kCPU, type_of(state));
  Blend blend;
  blend.method = Blend::Method::kPinkney;
  for (auto _ : state) {
    blend.resolution = blend.resolution == 32 ? 16 : 32;
    blended.set(blend);
  }
}
BENCHMARK(reblend_split)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// The worst case: every layer's share changes, none to 0 or 1.
void reblend_all_layers(benchmark::State& state) {
  BlendedGenerator blended(load_style(find_model("toon", ".toml")));
  blended.prepare(at::kCPU, type_of(state));
  Blend blend;
  blend.method = Blend::Method::kLayers;
  blend.weights = {0.3};
  for (auto _ : state) {
    blend.weights[0] = blend.weights[0] == 0.3 ? 0.6 : 0.3;
    blended.set(blend);
  }
}
BENCHMARK(reblend_all_layers)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void encode_face(benchmark::State& state) {
  const Toonifier toonifier(load_style(find_model("toon", ".toml")), type_of(state));
  cv::Mat crop(toonifier.crop_size_px(), toonifier.crop_size_px(), CV_8UC3);
  cv::randu(crop, 0, 256);
  for (auto _ : state) benchmark::DoNotOptimize(toonifier.encode(crop));
}
BENCHMARK(encode_face)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void render_face(benchmark::State& state) {
  const Toonifier toonifier(load_style(find_model("toon", ".toml")), type_of(state));
  cv::Mat crop(toonifier.crop_size_px(), toonifier.crop_size_px(), CV_8UC3);
  cv::randu(crop, 0, 256);
  const FaceCode code = toonifier.encode(crop);
  for (auto _ : state) benchmark::DoNotOptimize(toonifier.render(code));
}
BENCHMARK(render_face)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace toonmirror::toon

BENCHMARK_MAIN();
