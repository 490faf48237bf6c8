// What all fuzzing programs of pickles do with a file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "checkpoint/pickle_checkpoint.h"
#include "checkpoint/storage_reader.h"

namespace toonmirror::checkpoint {

// Reads the file as CheckpointFile does, then every number of it. Refusing is fine; anything but Error is
// not.
inline void read_whole_checkpoint(std::span<const uint8_t> file) {
  constexpr uint64_t kMostAtOnce = 1 << 20;
  try {
    const PickleCheckpoint checkpoint = read_pickle_checkpoint(file);
    for (const auto& [name, tensor] : checkpoint.content.tensors) {
      check_view(*tensor);
      const Storage& storage = *tensor->storage;
      const uint64_t size = checked_bytes(storage.count, storage.dtype);
      if (size > kMostAtOnce) continue;
      std::vector<uint8_t> numbers(size);
      read_storage(
          storage,
          [](const uint8_t* from, std::span<uint8_t> to) { std::copy_n(from, to.size(), to.begin()); },
          numbers);
    }
    checkpoint.content.settings.dump();  // throws when a text is not UTF-8
  } catch (const Error&) {
  }
}

}  // namespace toonmirror::checkpoint
