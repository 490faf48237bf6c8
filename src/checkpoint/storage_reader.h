// The numbers of a storage in this machine's order of bytes.
#pragma once

#include <functional>
#include <span>

#include "checkpoint/tensor_view.h"

namespace toonmirror::checkpoint {

// Copies bytes of the file: from a mapping of it, or from the file itself.
using CopyBytes = std::function<void(const uint8_t* from, std::span<uint8_t> to)>;

// Whether the storage's bytes can be used where they are.
bool is_plain(const Storage& storage);

// Writes all numbers of the storage to `out`, which has room for exactly them.
void read_storage(const Storage& storage, const CopyBytes& copy, std::span<uint8_t> out);

}  // namespace toonmirror::checkpoint
