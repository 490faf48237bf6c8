// torch.save before version 1.6 (torch/serialization.py, _legacy_save): five pickles - a magic number, the
// protocol, the machine, the object, the keys of its storages - and for each key the number of elements and
// the raw numbers. One storage alone in this form is also what stylegan2-ada-pytorch's pickles hold for every
// tensor.
#pragma once

#include "checkpoint/pickle_machine.h"

namespace toonmirror::checkpoint {

// Whether a first pickle's value is the magic number.
bool is_torch_legacy(const Value& first);

// The object in the file. Throws Error, completing "FILE: …", for everything that contradicts itself or is
// refused.
Value* read_torch_legacy(std::span<const uint8_t> file, ValueArena& arena);

}  // namespace toonmirror::checkpoint
