// What a style's network begins with beside its parent's weights: what the style had learned before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "checkpoint/checkpoint_file.h"
#include "nets/stylegan2.h"

namespace toonmirror::training {

// The resolution of a synthesis block by its name, "b32" or "b32.conv0.weight"; 0 for the latent picture.
int64_t resolution_of(const std::string& name);

// What tells an earlier child from its parent: differences of their weights. Throws Error where they are not
// of one architecture.
checkpoint::NamedTensors learned_by(const std::filesystem::path& child_file,
                                    const std::filesystem::path& parent_file);

// Adds that to the weights of the generator's layers above `parent_layers_px`. Throws Error as above.
void carry_over(nets::Generator& generator, int64_t parent_layers_px,
                const checkpoint::NamedTensors& learned);

// Gives the generator's layers above `parent_layers_px` the weights of an earlier child. Those that the child
// lacks stay as they are. Throws Error where it is no child of that parent.
void begin_with(const std::filesystem::path& child_file, const std::filesystem::path& parent_file,
                int64_t parent_layers_px, nets::Generator& generator);

}  // namespace toonmirror::training
