// Where the networks and styles of the program are found.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace toonmirror {

// The folders that are searched, best first, whether they exist or not: ./models, $TOONMIRROR_MODELS, the
// user's data folder ($XDG_DATA_HOME or ~/.local/share, then toonmirror/models), the share folder beside the
// installed program's, and the source tree.
std::vector<std::filesystem::path> model_folders();

// All files with that extension (".toml", ".safetensors") in these folders, sorted by name; of two with the
// same name only the one that find_model would take. `shelf`: a folder inside of them, such as "directions".
std::vector<std::filesystem::path> list_models(std::string_view extension, std::string_view shelf = {});

// A path where `name` has a folder or names an existing file, otherwise the first folder's file of that name,
// with or without its extension. Throws Error saying where it looked, and what there is instead.
std::filesystem::path find_model(const std::string& name, std::string_view extension,
                                 std::string_view shelf = {});

}  // namespace toonmirror
