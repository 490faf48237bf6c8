// toonmirror bench: how fast every network and the whole chain are on this machine.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/bench_scenes.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/machine.h"
#include "engine/backend.h"

namespace toonmirror::cli {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct BenchArguments {
  std::vector<std::string> only;
  double seconds = 2;
  int threads = 0;
  bool json = false;
};

struct Timing {
  double p50_ms = 0, p95_ms = 0;  // of one picture
  int64_t runs = 0;
  double resident_mb = 0;  // of the whole program, afterwards
};

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) * 1e-6;
}

Timing measure(const BenchRun& run, double seconds, int64_t pictures) {
  constexpr size_t kFewest = 3, kMost = 200;
  run();  // the first one makes plans and touches memory
  std::vector<double> times_ms;
  const auto start = Clock::now();
  while (times_ms.size() < kFewest ||
         (times_ms.size() < kMost && std::chrono::duration<double>(Clock::now() - start).count() < seconds)) {
    throw_if_interrupted();
    const auto before = Clock::now();
    run();
    times_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count() /
                       static_cast<double>(pictures));
  }
  std::ranges::sort(times_ms);
  const auto percentile = [&](double share) {
    return times_ms[static_cast<size_t>(share * static_cast<double>(times_ms.size() - 1))];
  };
  return {percentile(0.5), percentile(0.95), static_cast<int64_t>(times_ms.size()), resident_mb()};
}

const char* name_of(c10::ScalarType type) { return type == c10::ScalarType::BFloat16 ? "bf16" : "fp32"; }

class Bench {
 public:
  explicit Bench(const BenchArguments& arguments)
      : arguments_(arguments), threads_(arguments.threads > 0 ? arguments.threads : usable_cores()) {
    at::set_num_threads(threads_);
    types_ = {c10::ScalarType::Float};
    if (has_bf16_instructions()) types_.push_back(c10::ScalarType::BFloat16);
  }

  ordered_json run() {
    const at::NoGradGuard no_grad;
    ordered_json result;
    result["machine"] = {{"processor", read_processor().model}, {"threads", threads_}};
    engine::set_backend(engine::Backend::kOneDnn);
    for (const c10::ScalarType type : types_) {
      peaks_[type] = measure_peak(type);
      result["machine"][std::string("peak_gflops_") + name_of(type)] = peaks_[type];
    }
    if (!arguments_.json) {
      for (const auto& [type, peak] : peaks_) {
        std::cout << fmt::format("peak of direct convolution, {}: {:.0f} GFLOP/s with {} threads\n",
                                 name_of(type), peak, threads_);
      }
      std::cout << fmt::format("\n{:<24} {:<7} {:<5} {:>9} {:>9} {:>8} {:>9} {:>6} {:>7}\n", "scene",
                               "engine", "type", "p50 ms", "p95 ms", "GFLOP", "GFLOP/s", "peak", "MB");
    }
    result["rows"] = ordered_json::array();
    result["ratios"] = ordered_json::object();
    for (const BenchScene& scene : bench_scenes(arguments_.only, threads_)) run_scene(scene, result);
    return result;
  }

 private:
  void run_scene(const BenchScene& scene, ordered_json& result) {
    engine::set_backend(engine::Backend::kTorch);
    double gflop = 0;
    Timing torch;
    {
      const BenchRun run = scene.prepare(c10::ScalarType::Float);
      if (scene.pictures == 1) gflop = count_gflop(run);
      torch = measure(run, arguments_.seconds, scene.pictures);
    }
    add_row(scene, "torch", c10::ScalarType::Float, torch, gflop, result);
    engine::set_backend(engine::Backend::kOneDnn);
    Timing last;
    for (const c10::ScalarType type : types_) {
      last = measure(scene.prepare(type), arguments_.seconds, scene.pictures);
      add_row(scene, "onednn", type, last, gflop, result);
    }
    // The last type is the one that --precision auto takes.
    result["ratios"][scene.name] = torch.p50_ms / last.p50_ms;
    if (!arguments_.json) {
      std::cout << fmt::format("{:<24} {:.1f} times as fast as torch: {}\n\n", scene.name,
                               torch.p50_ms / last.p50_ms, scene.what);
    }
  }

  void add_row(const BenchScene& scene, const char* engine, c10::ScalarType type, const Timing& timing,
               double gflop, ordered_json& result) const {
    ordered_json row = {{"scene", scene.name},
                        {"engine", engine},
                        {"precision", name_of(type)},
                        {"p50_ms", timing.p50_ms},
                        {"p95_ms", timing.p95_ms},
                        {"runs", timing.runs},
                        {"resident_mb", timing.resident_mb}};
    const double gflops = gflop / (timing.p50_ms * 1e-3), share = gflops / peaks_.at(type);
    if (gflop > 0) {
      row["gflop"] = gflop;
      row["gflops"] = gflops;
      row["share_of_peak"] = share;
    } else {
      row["fps"] = 1e3 / timing.p50_ms;
    }
    result["rows"].push_back(row);
    if (arguments_.json) return;
    std::cout << fmt::format("{:<24} {:<7} {:<5} {:>9.2f} {:>9.2f} ", scene.name, engine, name_of(type),
                             timing.p50_ms, timing.p95_ms);
    if (gflop > 0) {
      std::cout << fmt::format("{:>8.2f} {:>9.0f} {:>5.0f}%", gflop, gflops, 100 * share);
    } else {
      std::cout << fmt::format("{:>8} {:>9} {:>6}", "", fmt::format("{:.1f} fps", 1e3 / timing.p50_ms), "");
    }
    std::cout << fmt::format(" {:>7.0f}\n", timing.resident_mb) << std::flush;
  }

  const BenchArguments& arguments_;
  int threads_;
  std::vector<c10::ScalarType> types_;
  std::map<c10::ScalarType, double> peaks_;
};

}  // namespace

void add_bench(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("bench", "How fast the networks and the whole chain are here");
  auto arguments = std::make_shared<BenchArguments>();
  command->add_option("--only", arguments->only, "Scenes to measure, by name (default: all)")
      ->type_name("NAME")
      ->check(CLI::IsMember(bench_scene_names()));
  command->add_option("--seconds", arguments->seconds, "For each measurement, at least three runs")
      ->type_name("S")
      ->check(CLI::Range(0.0, 600.0));
  command->add_option("--threads", arguments->threads, "Cores to use; 0 means all")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  add_json_option(*command, arguments->json);
  add_verbosity_options(*command);
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      // Progress of the chain would mix with the table.
      if (verbosity() == Verbosity::kNormal) set_up_logging(Verbosity::kQuiet);
      const ordered_json result = Bench(*arguments).run();
      if (arguments->json) std::cout << result.dump(2) << '\n';
      return kDone;
    };
  });
}

}  // namespace toonmirror::cli
