// What a file is, by its first bytes: for messages that explain why a file is not what it was taken for.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace toonmirror {

enum class FileFamily {
  kUnknown,
  kText,  // or anything else without a byte that text has not, such as an old pickle
  kSafetensors,
  kZip,
  kPickle,
  kOther,  // something else for certain
};

struct FileKind {
  FileFamily family = FileFamily::kUnknown;
  std::string description;  // completes "FILE: is …": "a zip archive, …"; empty where nothing is recognised
  std::string hint;         // what to do about it; may be empty
};

// `head` is the beginning of the file, 512 bytes or all of it.
FileKind recognise_file(std::string_view head);

// Reads the beginning of a file. Throws Error where it is missing, a folder, or cannot be read.
FileKind recognise_file(const std::filesystem::path& path);

}  // namespace toonmirror
