// Where tests find the networks that losses are made of.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace toonmirror::testing {

// $TOONMIRROR_NETS, else ../shared/nets beside the source; empty when there are none.
inline std::filesystem::path nets_folder() {
  const char* given = std::getenv("TOONMIRROR_NETS");
  const std::filesystem::path folder = given != nullptr && *given != '\0'
                                           ? std::filesystem::path(given)
                                           : std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "../shared/nets";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

}  // namespace toonmirror::testing
