// Python's pickle machine, protocols 0 to 5 (CPython, Lib/pickletools.py), for values that do nothing.
#pragma once

#include <functional>
#include <vector>

#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_value.h"

namespace toonmirror::checkpoint {

// What the container around a pickle adds to it. What is absent is refused.
struct PickleHooks {
  // A reference to something outside of the pickle, such as a record of the zip archive.
  std::function<StoragePointer(const Value& id)> persistent;
  // torch.storage._load_from_bytes: a storage in a file within the file.
  std::function<StoragePointer(std::span<const uint8_t> bytes)> storage_from_bytes;
  // Is told of long texts that were read and are not looked at again soon; may be absent.
  std::function<void(std::span<const uint8_t> bytes)> passed;
};

// Reads one pickle from the front of `reader`, which then stands behind it. Throws Error, its text completing
// "FILE: …", when the pickle is cut off, damaged, too large for its own good, or refers to anything that is
// not on the list of pickle_globals.h.
Value* read_pickle(ByteReader& reader, ValueArena& arena, const PickleHooks& hooks);

}  // namespace toonmirror::checkpoint
