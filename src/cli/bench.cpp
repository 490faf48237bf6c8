// toonmirror bench: how fast every network and the whole chain are on this machine.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/bench_scenes.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/percentile.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
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

Timing measure(const app::BenchRun& run, double seconds, int64_t pictures) {
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
  return {percentile(times_ms, 0.5), percentile(times_ms, 0.95), static_cast<int64_t>(times_ms.size()),
          resident_mb()};
}

struct Precision {
  const char* name;
  c10::ScalarType type;
  bool int8 = false;
};

// The last is the one that --precision auto takes.
std::vector<Precision> precisions() {
  std::vector<Precision> all;
  const bool pays = engine::bfloat16_pays();
  const Precision fp32 = {"fp32", c10::ScalarType::Float}, bf16 = {"bf16", c10::ScalarType::BFloat16};
  if (engine::int8_pays()) all.push_back({"int8", pays ? bf16.type : fp32.type, true});
  if (engine::has_bf16_instructions()) all.push_back(pays ? fp32 : bf16);
  all.push_back(pays ? bf16 : fp32);
  return all;
}

// A row of the table, from the JSON.
void print_row(const ordered_json& row) {
  const auto text = [&](const char* key) { return row.at(key).get<std::string>(); };
  const auto number = [&](const char* key) { return row.at(key).get<double>(); };
  std::cout << fmt::format("{:<24} {:<7} {:<5} {:>9.2f} {:>9.2f} ", text("scene"), text("engine"),
                           text("precision"), number("p50_ms"), number("p95_ms"));
  if (row.contains("gflop")) {
    std::cout << fmt::format("{:>8.2f} {:>9.0f} {:>5.0f}%", number("gflop"), number("gflops"),
                             100 * number("share_of_peak"));
  } else {
    std::cout << fmt::format("{:>8} {:>9} {:>6}", "", fmt::format("{:.1f} fps", number("fps")), "");
  }
  std::cout << fmt::format(" {:>7.0f}\n", number("resident_mb"));
}

void print_machine(const ordered_json& machine) {
  for (const char* type : {"fp32", "bf16", "int8"}) {
    const std::string key = std::string("peak_gflops_") + type;
    if (!machine.contains(key)) continue;
    std::cout << fmt::format("peak of direct convolution, {}: {:.0f} GFLOP/s with {} threads\n", type,
                             machine.at(key).get<double>(), machine.at("threads").get<int>());
  }
  std::cout << fmt::format("\n{:<24} {:<7} {:<5} {:>9} {:>9} {:>8} {:>9} {:>6} {:>7}\n", "scene", "engine",
                           "type", "p50 ms", "p95 ms", "GFLOP", "GFLOP/s", "peak", "MB");
}

// What is measured of one scene in this process.
class Bench {
 public:
  explicit Bench(const BenchArguments& arguments)
      : arguments_(arguments), threads_(arguments.threads > 0 ? arguments.threads : usable_cores()) {
    at::set_num_threads(threads_);
  }

  ordered_json run(const std::string& name) {
    const at::NoGradGuard no_grad;
    ordered_json result;
    result["machine"] = {{"processor", read_processor().model}, {"threads", threads_}};
    engine::set_backend(engine::Backend::kOneDnn);
    for (const Precision& precision : precisions_) {
      const double peak = peaks_[precision.name] = app::measure_peak(precision.type, precision.int8);
      result["machine"][std::string("peak_gflops_") + precision.name] = peak;
    }
    const std::vector<app::BenchScene> scenes = app::bench_scenes({name}, threads_);
    const app::BenchScene& scene = scenes.front();
    // First what --precision auto takes, so that its memory is not what others have left.
    std::vector<Timing> timings;
    for (auto precision = precisions_.rbegin(); precision != precisions_.rend(); ++precision) {
      engine::set_int8(precision->int8);
      timings.insert(timings.begin(),
                     measure(scene.prepare(precision->type), arguments_.seconds, scene.pictures));
    }
    engine::set_backend(engine::Backend::kTorch);
    engine::set_int8(false);
    const app::BenchRun plain = scene.prepare(c10::ScalarType::Float);
    const double gflop = scene.pictures == 1 ? app::count_gflop(plain) : 0;
    const Timing torch = measure(plain, arguments_.seconds, scene.pictures);
    result["rows"] = {row(scene, "torch", "fp32", torch, gflop)};
    for (size_t i = 0; i < precisions_.size(); ++i) {
      result["rows"].push_back(row(scene, "onednn", precisions_[i].name, timings[i], gflop));
    }
    result["ratios"][scene.name] = torch.p50_ms / timings.back().p50_ms;
    result["what"] = scene.what;
    return result;
  }

 private:
  ordered_json row(const app::BenchScene& scene, const char* engine, const char* precision,
                   const Timing& timing, double gflop) const {
    ordered_json row = {{"scene", scene.name},
                        {"engine", engine},
                        {"precision", precision},
                        {"p50_ms", timing.p50_ms},
                        {"p95_ms", timing.p95_ms},
                        {"runs", timing.runs},
                        {"resident_mb", timing.resident_mb}};
    const double gflops = gflop / (timing.p50_ms * 1e-3);
    if (gflop > 0) {
      row["gflop"] = gflop;
      row["gflops"] = gflops;
      row["share_of_peak"] = gflops / peaks_.at(precision);
    } else {
      row["fps"] = 1e3 / timing.p50_ms;
    }
    return row;
  }

  const BenchArguments& arguments_;
  int threads_;
  std::vector<Precision> precisions_ = precisions();
  std::map<std::string, double> peaks_;
};

// A scene in a process of its own, so that none is measured in the memory of another.
ordered_json run_apart(const std::string& scene, const BenchArguments& arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string quoted = "'";
  for (const char c : program) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const std::string command = fmt::format("{}' bench --json --quiet --only {} --seconds {} --threads {}",
                                          quoted, scene, arguments.seconds, arguments.threads);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) throw Error("bench: cannot start " + program);
  std::string text;
  std::array<char, 4096> buffer{};
  for (size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    text.append(buffer.data(), n);
  }
  throw_if_interrupted();
  const ordered_json result = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!result.is_object()) throw Error("bench: the scene " + scene + " could not be measured");
  return result;
}

ordered_json run_bench(const BenchArguments& arguments) {
  const std::vector<std::string> names = arguments.only.empty() ? app::bench_scene_names() : arguments.only;
  ordered_json all;
  for (const std::string& name : names) {
    const ordered_json result = names.size() == 1 ? Bench(arguments).run(name) : run_apart(name, arguments);
    if (all.empty()) {
      all = {{"machine", result.at("machine")}, {"rows", ordered_json::array()}, {"ratios", {}}};
      if (!arguments.json) print_machine(result.at("machine"));
    }
    for (const ordered_json& row : result.at("rows")) {
      all["rows"].push_back(row);
      if (!arguments.json) print_row(row);
    }
    const double ratio = result.at("ratios").at(name).get<double>();
    all["ratios"][name] = ratio;
    all["what"][name] = names.size() == 1 ? result.at("what") : result.at("what").at(name);
    if (!arguments.json) {
      std::cout << fmt::format("{:<24} {:.1f} times as fast as torch: {}\n\n", name, ratio,
                               all["what"][name].get<std::string>())
                << std::flush;
    }
  }
  return all;
}

}  // namespace

void add_bench(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("bench", "How fast the networks and the whole chain are here");
  auto arguments = std::make_shared<BenchArguments>();
  command->add_option("--only", arguments->only, "Scenes to measure, by name (default: all)")
      ->type_name("NAME")
      ->check(CLI::IsMember(app::bench_scene_names()));
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
      const ordered_json result = run_bench(*arguments);
      if (arguments->json) std::cout << result.dump(2) << '\n';
      return kDone;
    };
  });
}

}  // namespace toonmirror::cli
