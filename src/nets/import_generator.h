// StyleGAN2 generators out of public checkpoints, under canonical names (nets/stylegan2.h): NVlabs/stylegan2
// (TensorFlow pickle), NVlabs/stylegan2-ada-pytorch (pickle), rosinality/stylegan2-pytorch (.pt, also as the
// decoder inside pSp and e4e checkpoints), and our own .safetensors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_file.h"
#include "nets/stylegan2.h"

namespace toonmirror::nets {

struct GeneratorWeights {
  GeneratorOptions options;
  checkpoint::NamedTensors tensors;
  std::string source;              // what it was found as: "NVlabs/stylegan2 pickle, Gs"
  std::vector<std::string> notes;  // what was missing in the file and how it was filled, one line each
};

// The generator a checkpoint holds: of several, the one to draw with (Gs, G_ema, g_ema); nothing where it
// holds none. Throws Error where it holds one that is broken or of a kind that is not supported
// (conditional, another architecture), naming file and tensor or setting.
std::optional<GeneratorWeights> find_generator(const checkpoint::CheckpointFile& file);

}  // namespace toonmirror::nets
