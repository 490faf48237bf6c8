// torch.save since version 1.6 (torch/serialization.py, _save): a zip archive of FOLDER/data.pkl and one
// record FOLDER/data/KEY of raw numbers for every storage.
#pragma once

#include "checkpoint/pickle_machine.h"

namespace toonmirror::checkpoint {

// The object in the file. Throws Error, completing "FILE: …", for everything that contradicts itself or is
// refused.
Value* read_torch_zip(std::span<const uint8_t> file, ValueArena& arena);

}  // namespace toonmirror::checkpoint
