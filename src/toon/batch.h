// Many inputs in one call: which files are meant, and what the results are called.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "media/probe.h"

namespace toonmirror::toon {

// The files that the words of a command line name, in their order, each once. A folder stands for the photos
// and videos in it (told by their names, sorted, without those of its sub-folders and hidden ones); a word
// with * ? [ that is no file is a pattern as shells have them. Any other word is taken as a file, whether it
// is there or not. Throws Error for a folder or pattern without such files.
std::vector<std::filesystem::path> expand_inputs(const std::vector<std::string>& words);

// Names results in a folder: the input's name, with the extension changed where no such file can be written
// (.mp4 for videos, .png for photos), and a number added where an earlier result took that name.
class ResultNames {
 public:
  explicit ResultNames(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path result_of(const std::filesystem::path& input, media::InputKind kind);

 private:
  std::filesystem::path folder_;
  std::set<std::string> taken_;  // in lower case: some file systems make no difference
};

}  // namespace toonmirror::toon
