// What the machine is made of, as the Linux kernel tells.
#pragma once

#include <cstdint>
#include <istream>
#include <set>
#include <string>

namespace toonmirror {

struct Processor {
  std::string model;            // "unknown" where the kernel does not say
  std::set<std::string> flags;  // instruction sets by the kernel's names: "avx2", "amx_tile", …

  bool has(const std::string& flag) const { return flags.contains(flag); }
};

// From /proc/cpuinfo, or text of that form.
Processor read_processor();
Processor read_processor(std::istream& cpuinfo);

// The cores this process may run on, at least 1.
int usable_cores();

// From /proc/meminfo; 0 where unknown.
struct Memory {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;
};
Memory read_memory();

}  // namespace toonmirror
