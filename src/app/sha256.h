// The fingerprint by which two copies of a file are compared.
#pragma once

#include <filesystem>
#include <string>

namespace toonmirror::app {

// 64 hexadecimal digits, as sha256sum prints them. Reads in pieces, so files may be larger than memory.
// Throws Error when the file cannot be read, Interrupted when the user does not want to wait.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace toonmirror::app
