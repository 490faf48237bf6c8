// From a pickle's values to tensors by name and settings; checkpoint_file.h says how names come about.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

struct FlatCheckpoint {
  std::map<std::string, TensorPointer> tensors;
  nlohmann::json settings;
  bool has_tensorflow_network = false;
  bool has_module = false;        // of torch_utils.persistence
  bool has_torch_tensor = false;  // of PyTorch, not of numpy
};

// Throws Error, completing "FILE: …", when two tensors have one name, or the values contain themselves, are
// nested too deeply or share so much that they would grow far beyond the size of the file.
FlatCheckpoint flatten(const Value& root, uint64_t file_size);

}  // namespace toonmirror::checkpoint
