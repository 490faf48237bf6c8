// Small things about words.
#pragma once

#include <string>
#include <string_view>

namespace toonmirror {

// ASCII letters in lower case; others as they are.
std::string lower_case(std::string_view text);

// The extension of a file name, in lower case and without its dot: "jpg"; empty where there is none.
std::string extension_of(std::string_view path);

}  // namespace toonmirror
