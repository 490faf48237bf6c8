// Where the time of a pipeline goes: wall and CPU time of named stages, measured from several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace toonmirror {

// What one stage cost. Percentiles are of the wall time of a single call, exact to 1%.
struct StageCost {
  std::string stage;
  int64_t calls = 0;
  double wall_ms = 0;  // summed over all calls and threads
  double cpu_ms = 0;   // of the calling threads; helper threads of a library do not show
  double p50_ms = 0;
  double p95_ms = 0;
};

// Keeps a histogram per stage, so its memory does not grow with the length of the work.
class StageTimer {
 public:
  // Measures from its construction to its destruction, in one thread.
  class Scope {
   public:
    Scope(StageTimer& timer, std::string_view stage);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    StageTimer& timer_;
    const std::string_view stage_;
    const std::chrono::steady_clock::time_point wall_start_;
    const double cpu_start_ms_;
  };

  // `auto timed = timer.measure("decode");` The name must outlive the scope: use literals.
  [[nodiscard]] Scope measure(std::string_view stage) { return Scope(*this, stage); }

  void add(std::string_view stage, double wall_ms, double cpu_ms);

  // In the order in which the stages were first seen.
  std::vector<StageCost> costs() const;

 private:
  struct Record {
    size_t order = 0;
    StageCost sums;
    std::vector<uint32_t> histogram;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Record, std::less<>> records_;
};

// A table for people: a heading and one row per stage, aligned, each ending with a line end.
std::string format_stage_costs(const std::vector<StageCost>& costs);

}  // namespace toonmirror
