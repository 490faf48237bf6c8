// What networks a checkpoint holds, whatever its format: for showing them and for writing them as our own
// model files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_file.h"
#include "checkpoint/safetensors.h"
#include "nets/first_order_motion.h"
#include "nets/psp_encoder.h"

namespace toonmirror::nets {

struct FoundNetwork {
  std::string kind;                  // as a model file says it: "generator", "encoder", …
  std::string source;                // code base and place in the file
  std::string architecture;          // the network's options as JSON
  checkpoint::NamedTensors tensors;  // by canonical name
  std::vector<std::string> notes;    // what was missing in the file and how it was filled

  int64_t parameter_count() const;
};

// All networks of the kinds this program runs: "generator", "encoder" and "parser" (the house's),
// "psp-encoder", "e4e-encoder", "motion-model"; empty where there is none. `motion` is what the configuration
// beside a motion model says; without it what is not in the file is taken from vox-256, with a note. Throws
// Error where a network is there but broken or of a variant that is not supported.
std::vector<FoundNetwork> find_networks(const checkpoint::CheckpointFile& file,
                                        const std::optional<MotionModelOptions>& motion = std::nullopt);

// The network of a public checkpoint or of a model file of our own. Both throw Error where it holds none.
PspEncoder open_psp_encoder(const checkpoint::CheckpointFile& file);
MotionModel open_motion_model(const checkpoint::CheckpointFile& file,
                              const std::optional<MotionModelOptions>& motion = std::nullopt);

// A motion model in memory as such a network.
FoundNetwork motion_network(const MotionModel& model);

// Writes one as a model file; `half`: in fp16. `metadata` adds to kind and architecture. Then reads it back:
// throws Error, and leaves nothing, where the file does not hold what was to be written.
void write_network(const std::filesystem::path& path, const FoundNetwork& network, bool half,
                   checkpoint::Metadata metadata);

}  // namespace toonmirror::nets
