#include "base/model_path.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <system_error>

#include "base/error.h"
#include "base/nearest_word.h"

namespace toonmirror {
namespace {

namespace fs = std::filesystem;

fs::path environment_path(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

bool is_file(const fs::path& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown);
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

[[noreturn]] void throw_not_found(const std::string& name, std::string_view extension,
                                  std::string_view shelf) {
  std::vector<std::string> searched;
  for (const fs::path& folder : model_folders()) searched.push_back((folder / shelf).string());
  std::vector<std::string> available;
  for (const fs::path& path : list_models(extension, shelf)) available.push_back(path.stem().string());
  if (available.empty()) {
    throw Error(
        "no models found (looked for " + name + std::string(extension) + " in " + join(searched) + ")",
        "set TOONMIRROR_MODELS to the folder that holds them, or give the path of a file");
  }
  const auto near = nearest_word(name, available);
  throw Error("no model named '" + name + "' in " + join(searched),
              (near ? "did you mean " + *near + "? There are: " : "there are: ") + join(available));
}

}  // namespace

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders = {"models"};
  const auto add = [&folders](const fs::path& folder) {
    if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
  };
  if (const fs::path chosen = environment_path("TOONMIRROR_MODELS"); !chosen.empty()) add(chosen);
  if (const fs::path data = environment_path("XDG_DATA_HOME"); !data.empty()) {
    add(data / "toonmirror/models");
  } else if (const fs::path home = environment_path("HOME"); !home.empty()) {
    add(home / ".local/share/toonmirror/models");
  }
  std::error_code unknown;
  if (const fs::path program = fs::read_symlink("/proc/self/exe", unknown); !program.empty()) {
    add((program.parent_path() / TOONMIRROR_DATA_FROM_PROGRAMS / "toonmirror/models").lexically_normal());
  }
  add(TOONMIRROR_SOURCE_MODELS);
  return folders;
}

std::vector<fs::path> list_models(std::string_view extension, std::string_view shelf) {
  std::map<std::string, fs::path> by_name;
  for (const fs::path& folder : model_folders()) {
    std::error_code unreadable;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / shelf, unreadable)) {
      const fs::path& path = entry.path();
      if (path.extension() == extension && is_file(path)) by_name.emplace(path.filename().string(), path);
    }
  }
  std::vector<fs::path> paths;
  paths.reserve(by_name.size());
  for (const auto& [name, path] : by_name) paths.push_back(path);
  return paths;
}

fs::path find_model(const std::string& name, std::string_view extension, std::string_view shelf) {
  fs::path given(name);
  if (is_file(given)) return given;
  if (given.has_parent_path()) throw Error(name + ": no such file");
  fs::path file = given;
  if (file.extension() != extension) file += extension;
  for (const fs::path& folder : model_folders()) {
    if (is_file(folder / shelf / file)) return folder / shelf / file;
  }
  throw_not_found(given.extension() == extension ? given.stem().string() : name, extension, shelf);
}

}  // namespace toonmirror
