// The header of a safetensors file in memory; safetensors.h is what programs use.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "checkpoint/safetensors.h"

namespace toonmirror::checkpoint {

struct SafetensorsHeader {
  Metadata metadata;
  std::map<std::string, TensorInfo> tensors;
  uint64_t data_begin = 0;  // in the file
};

// Throws Error, completing "FILE: …", when `file` is another kind of file (it says which) or contradicts
// itself.
SafetensorsHeader read_safetensors_header(std::span<const uint8_t> file);

}  // namespace toonmirror::checkpoint
