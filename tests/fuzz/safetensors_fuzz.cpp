// The header of safetensors files.
#include "base/error.h"
#include "checkpoint/safetensors_header.h"
#include "checkpoint/tensor_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toonmirror::checkpoint;
  try {
    const SafetensorsHeader header = read_safetensors_header({data, size});
    for (const auto& [name, info] : header.tensors) {
      const bool inside = info.begin <= info.end && info.end <= size - header.data_begin &&
                          checked_bytes(checked_count(info.shape), info.dtype) == info.end - info.begin;
      if (!inside) __builtin_trap();
    }
  } catch (const toonmirror::Error&) {
  }
  return 0;
}
