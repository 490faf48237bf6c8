#include "base/text.h"

#include <algorithm>
#include <filesystem>

namespace toonmirror {

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::string extension_of(std::string_view path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension.empty() ? "" : lower_case(std::string_view(extension).substr(1));
}

}  // namespace toonmirror
