// The header of a safetensors file in memory; safetensors.h is what programs use.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace toonmirror::checkpoint {

using Metadata = std::map<std::string, std::string>;

struct TensorInfo {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  uint64_t begin;  // first byte, counted from the start of the data section
  uint64_t end;    // one past the last byte
};

struct SafetensorsHeader {
  Metadata metadata;
  std::map<std::string, TensorInfo> tensors;
  uint64_t data_begin = 0;  // in the file
};

// Throws Error, completing "FILE: …", when `file` is another kind of file (it says which) or contradicts
// itself.
SafetensorsHeader read_safetensors_header(std::span<const uint8_t> file);

// The name of a type as the format writes it ("F32"); throws Error for a type the format does not have.
std::string safetensors_type_name(at::ScalarType type);

// The reverse; throws Error for a name that the format does not have.
at::ScalarType safetensors_type(const std::string& name);

}  // namespace toonmirror::checkpoint
