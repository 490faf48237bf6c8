// Where in a checkpoint a network is. The same weights are saved as they are, as those of training code
// ("g_ema", "state_dict"), of BasicSR ("params_ema"), of PyTorch Lightning ("state_dict.generator"), of
// DataParallel ("module"), or several of these within one another. What a network calls its own tensors tells them
// all.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint_file.h"

namespace toonmirror::nets {

// What stands before the names of each network that has all these tensors: "" for a bare state dict,
// "state_dict.generator.". Averaged weights ("ema" in a part of the name) come first, then what lies less deep, then by
// the alphabet. Empty where there is none.
std::vector<std::string> network_prefixes(const checkpoint::CheckpointFile& file,
                                          std::initializer_list<std::string_view> tensors);

// The tensors of a file below a prefix, by the rest of their names.
checkpoint::NamedTensors tensors_below(const checkpoint::CheckpointFile& file, std::string_view prefix);

// The full name of a tensor that is kept with what holds the network: beside the prefix or any part of it, the nearest
// first. Empty where there is none.
std::string nearest_tensor(const checkpoint::CheckpointFile& file, std::string prefix,
                           const std::string& tensor);

}  // namespace toonmirror::nets
