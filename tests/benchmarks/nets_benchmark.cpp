// How long networks and their layers take, with random weights:
//   scripts/build release benchmarks && build/release/tests/benchmarks/nets_benchmark
// GFLOP/s count 2 × multiply-adds of the direct algorithm. Thread counts follow OMP_NUM_THREADS.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <algorithm>

#include "engine/convolution.h"
#include "nets/modulation.h"
#include "nets/psp_encoder.h"
#include "nets/stylegan2.h"

namespace toonmirror {
namespace {

at::ScalarType type_of(int64_t bits) { return bits == 16 ? at::kBFloat16 : at::kFloat; }

// Arguments: channels, side in px, bits.
void convolve_3x3(benchmark::State& state) {
  const int64_t channels = state.range(0), side = state.range(1);
  const at::ScalarType type = type_of(state.range(2));
  engine::Convolution convolution({.padding = {1, 1}});
  convolution.set_weight(at::randn({channels, channels, 3, 3}).to(type));
  const at::Tensor x =
      at::randn({1, channels, side, side}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  for (auto _ : state) benchmark::DoNotOptimize(convolution(x));
  state.SetLabel(convolution.describe(x));
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * 9 * static_cast<double>(channels * channels * side * side * state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(convolve_3x3)
    ->ArgsProduct({{32}, {1024}, {16, 32}})
    ->ArgsProduct({{64}, {512}, {16, 32}})
    ->ArgsProduct({{128}, {256}, {16, 32}})
    ->ArgsProduct({{256}, {128}, {16, 32}})
    ->ArgsProduct({{512}, {8, 16, 64}, {16, 32}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// What lies between the convolutions: each is one pass over memory.
template <typename Pass>
void pass(benchmark::State& state, Pass body) {
  const int64_t channels = state.range(0), side = state.range(1);
  const at::Tensor x = at::randn({1, channels, side, side})
                           .to(type_of(state.range(2)))
                           .contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor per_channel = at::rand({1, channels}) + 0.5;
  for (auto _ : state) benchmark::DoNotOptimize(body(x, per_channel));
  state.SetBytesProcessed(state.iterations() * x.numel() * x.element_size());
}
void modulate(benchmark::State& state) {
  pass(state, [](const at::Tensor& x, const at::Tensor& s) { return nets::modulate(x, s); });
}
void scale_bias_lrelu(benchmark::State& state) {
  pass(state,
       [](const at::Tensor& x, const at::Tensor& s) { return nets::scale_bias_lrelu(x, s, s.squeeze(0)); });
}
void upsample(benchmark::State& state) {
  pass(state, [](const at::Tensor& x, const at::Tensor&) { return nets::upsample_2x(x, 1); });
}
void to_rgb(benchmark::State& state) {
  pass(state, [](const at::Tensor& x, const at::Tensor& s) {
    return nets::to_rgb(x, s.unsqueeze(1).expand({1, 3, s.size(1)}));
  });
}
BENCHMARK(modulate)->ArgsProduct({{128}, {256}, {16, 32}})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(scale_bias_lrelu)
    ->ArgsProduct({{128}, {256}, {16, 32}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(upsample)->ArgsProduct({{128}, {128}, {16, 32}})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(to_rgb)->ArgsProduct({{128}, {256}, {16, 32}})->Unit(benchmark::kMillisecond)->UseRealTime();

// Arguments: resolution, bits.
void synthesize_config_f(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  nets::GeneratorOptions options;
  options.resolution = state.range(0);
  options.noise = true;
  for (int64_t r = 4; r <= options.resolution; r *= 2)
    options.channels[r] = std::min<int64_t>(512, 32768 / r);
  nets::Generator generator(options);
  generator->prepare(type_of(state.range(1)));
  nets::SynthesisOptions synthesis;
  synthesis.compute_type = type_of(state.range(1));
  const at::Tensor ws = at::randn({1, options.latent_count(), options.w_dim});
  for (auto _ : state) benchmark::DoNotOptimize(generator->synthesize(ws, {}, synthesis));
}
BENCHMARK(synthesize_config_f)
    ->ArgsProduct({{256, 1024}, {16, 32}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void encode_psp(benchmark::State& state) {
  const at::NoGradGuard no_grad;
  nets::PspEncoderOptions options;
  options.style_depths = {4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6};
  nets::PspEncoder encoder(options);
  for (at::Tensor& parameter : encoder->parameters()) parameter.normal_(0, 0.03);
  encoder->eval();
  encoder->prepare(type_of(state.range(0)));
  const at::Tensor x = at::rand({1, 3, nets::kPspInputSize_px, nets::kPspInputSize_px});
  for (auto _ : state) benchmark::DoNotOptimize(encoder->forward(x));
}
BENCHMARK(encode_psp)->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace toonmirror

BENCHMARK_MAIN();
