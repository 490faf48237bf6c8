#include "base/stage_timer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace toonmirror {
namespace {

// Geometric bins from 1 µs to 1000 s: a value and the middle of its bin differ by at most 1%.
constexpr double kFirstBinMs = 1e-3;
constexpr double kBinRatio = 1.02;
constexpr size_t kBinCount = 1048;

size_t bin_of(double ms) {
  const double position = std::log(std::max(ms, kFirstBinMs) / kFirstBinMs) / std::log(kBinRatio);
  return std::min(static_cast<size_t>(position), kBinCount - 1);
}

double middle_of_bin(size_t bin) { return kFirstBinMs * std::pow(kBinRatio, static_cast<double>(bin) + 0.5); }

// Nearest rank: the smallest value that at least `share` of all values do not exceed.
double percentile(const std::vector<uint32_t>& histogram, int64_t count, double share) {
  const auto rank = static_cast<int64_t>(std::ceil(share * static_cast<double>(count)));
  int64_t seen = 0;
  for (size_t bin = 0; bin < histogram.size(); ++bin) {
    seen += histogram[bin];
    if (seen >= rank) return middle_of_bin(bin);
  }
  return 0;
}

double thread_cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

}  // namespace

StageTimer::Scope::Scope(StageTimer& timer, std::string_view stage)
    : timer_(timer),
      stage_(stage),
      wall_start_(std::chrono::steady_clock::now()),
      cpu_start_ms_(thread_cpu_ms()) {}

StageTimer::Scope::~Scope() {
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - wall_start_;
  timer_.add(stage_, wall.count(), thread_cpu_ms() - cpu_start_ms_);
}

void StageTimer::add(std::string_view stage, double wall_ms, double cpu_ms) {
  const std::lock_guard lock(mutex_);
  auto found = records_.find(stage);
  if (found == records_.end()) {
    Record record;
    record.order = records_.size();
    record.sums.stage = stage;
    record.histogram.resize(kBinCount);
    found = records_.emplace(std::string(stage), std::move(record)).first;
  }
  Record& record = found->second;
  ++record.sums.calls;
  record.sums.wall_ms += wall_ms;
  record.sums.cpu_ms += cpu_ms;
  ++record.histogram[bin_of(wall_ms)];
}

std::vector<StageCost> StageTimer::costs() const {
  const std::lock_guard lock(mutex_);
  std::vector<StageCost> costs(records_.size());
  for (const auto& [stage, record] : records_) {
    StageCost& cost = costs[record.order];
    cost = record.sums;
    cost.p50_ms = percentile(record.histogram, cost.calls, 0.50);
    cost.p95_ms = percentile(record.histogram, cost.calls, 0.95);
  }
  return costs;
}

std::string format_stage_costs(const std::vector<StageCost>& costs) {
  size_t width = 5;
  for (const StageCost& cost : costs) width = std::max(width, cost.stage.size());
  std::string table = fmt::format("{:<{}}  {:>7}  {:>9}  {:>9}  {:>9}  {:>9}\n", "stage", width, "calls",
                                  "p50 ms", "p95 ms", "wall s", "CPU s");
  for (const StageCost& cost : costs) {
    table += fmt::format("{:<{}}  {:>7}  {:>9.2f}  {:>9.2f}  {:>9.2f}  {:>9.2f}\n", cost.stage, width,
                         cost.calls, cost.p50_ms, cost.p95_ms, cost.wall_ms / 1e3, cost.cpu_ms / 1e3);
  }
  return table;
}

}  // namespace toonmirror
