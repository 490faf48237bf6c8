// Checkpoints that are pickles or contain one, from memory to tensors by name.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "checkpoint/flatten.h"

namespace toonmirror::checkpoint {

struct PickleCheckpoint {
  enum class Kind { kTensorFlow, kAda, kTorchZip, kTorchLegacy };

  Kind kind = Kind::kTorchZip;
  FlatCheckpoint content;
  // Texts that had to be decoded; tensors may lie in them instead of in the file.
  std::shared_ptr<const std::deque<std::string>> texts;
};

// Whether it may be a pickle of any protocol.
bool looks_like_pickle(std::span<const uint8_t> file);

// Reads a zip archive, a pickle or a legacy checkpoint. The result points into `file`. Throws Error,
// completing "FILE: …", when it is none of them, is damaged, is refused or holds no tensor. `passed`, where
// given, is told of each run of bytes (in `file` or beside it) that was read and is not looked at again soon.
PickleCheckpoint read_pickle_checkpoint(std::span<const uint8_t> file,
                                        const std::function<void(std::span<const uint8_t>)>& passed = {});

}  // namespace toonmirror::checkpoint
