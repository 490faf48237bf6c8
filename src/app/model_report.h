// What a model file is: the report of `toonmirror inspect`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "checkpoint/checkpoint_file.h"

namespace toonmirror::app {

// file, format, bytes, sha256, known_as (of a public checkpoint, or null), networks (kind, source, parameters,
// architecture, notes each), the first network's kind and architecture once more, family, metadata, tensors,
// parameters, types (how many tensors of each); `problem` where the network in it cannot be used; with
// `with_tensors` tensor_table (name, type, shape).
nlohmann::ordered_json describe_model(const checkpoint::CheckpointFile& file, bool with_tensors);

// The same for people, one row each. Text from the file cannot steer a terminal.
std::string to_text(const nlohmann::ordered_json& report);

// Any report as JSON text; what is not UTF-8 in it is replaced. `indent` -1: in one line.
std::string dump(const nlohmann::ordered_json& value, int indent);

}  // namespace toonmirror::app
