// PyTorch's tensors and references to storages as pickles describe them (torch/_utils.py,
// torch/serialization.py).
#pragma once

#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

// _rebuild_tensor(storage, offset, sizes, strides, …); what follows, such as hooks, means nothing here.
// Throws Error unless the tensor lies within its storage.
TensorPointer rebuild_tensor(const std::vector<Value*>& arguments);

// ('storage', type, key, location, count, …): the type and length a file claims for a storage. The device it
// was on means nothing here.
struct StorageId {
  std::string_view key;
  at::ScalarType dtype = at::kFloat;
  uint64_t count = 0;
};
inline constexpr size_t kZipIdParts = 5, kLegacyIdParts = 6;
// `id` must have `parts` parts. Throws Error for anything else.
StorageId parse_storage_id(const Value& id, size_t parts);

}  // namespace toonmirror::checkpoint
