// Model files that leave out what another file beside them, their parent, holds too: a style child its face
// model's layers, a face parser its encoder's stages.
#pragma once

#include <functional>
#include <string>

#include "checkpoint/checkpoint_file.h"
#include "checkpoint/safetensors.h"

namespace toonmirror::nets {

// The file's metadata under that key; null where there is none.
const std::string* find_metadata(const checkpoint::CheckpointFile& file, const std::string& key);

checkpoint::NamedTensors all_tensors(const checkpoint::CheckpointFile& file);

// Those tensors of the file's parent that the file lacks and `wanted` says yes to; none where it names no
// parent. Throws Error naming the file where the parent is not beside it, or its tensors are not those that
// were left out.
checkpoint::NamedTensors shared_tensors(
    const checkpoint::CheckpointFile& file,
    const std::function<bool(const std::string&)>& wanted = [](const std::string&) { return true; });

// Takes away what `parent` holds too, and says so in the metadata. `tensors` are fp16, as they are written.
void leave_out_shared(const checkpoint::CheckpointFile& parent, checkpoint::NamedTensors& tensors,
                      checkpoint::Metadata& metadata);

}  // namespace toonmirror::nets
