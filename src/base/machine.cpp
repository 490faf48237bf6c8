#include "base/machine.h"

#include <sched.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace toonmirror {
namespace {

// "key  : value" without the blanks around either.
std::pair<std::string, std::string> split_line(const std::string& line) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return {};
  const size_t key_end = line.find_last_not_of(" \t", colon == 0 ? 0 : colon - 1);
  const size_t value_begin = line.find_first_not_of(" \t", colon + 1);
  return {line.substr(0, key_end + 1), value_begin == std::string::npos ? "" : line.substr(value_begin)};
}

}  // namespace

Processor read_processor() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  return read_processor(cpuinfo);
}

Processor read_processor(std::istream& cpuinfo) {
  Processor processor{"unknown", {}};
  for (std::string line; std::getline(cpuinfo, line) && !line.empty();) {  // the first core speaks for all
    const auto [key, value] = split_line(line);
    if (key == "model name") processor.model = value;
    if (key == "flags" || key == "Features") {
      std::istringstream words(value);
      processor.flags = {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
    }
  }
  return processor;
}

int usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return CPU_COUNT(&allowed);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

Memory read_memory() {
  Memory memory;
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    const auto [key, value] = split_line(line);
    uint64_t kilobytes = 0;
    std::istringstream(value) >> kilobytes;
    if (key == "MemTotal") memory.total_bytes = kilobytes * 1024;
    if (key == "MemAvailable") memory.available_bytes = kilobytes * 1024;
  }
  return memory;
}

}  // namespace toonmirror
