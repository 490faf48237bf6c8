// The public checkpoints that are known by their checksum: models/public-checkpoints.tsv.
#pragma once

#include <string>
#include <string_view>

namespace toonmirror::app {

struct PublicCheckpoint {
  std::string name;     // the file name it is published under
  std::string what;     // one line
  std::string licence;  // of the weights
};

// The checkpoint of that SHA-256 (64 hexadecimal digits), or null.
const PublicCheckpoint* find_public_checkpoint(std::string_view sha256);

}  // namespace toonmirror::app
