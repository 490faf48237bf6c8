// Many inputs in one call: which files are meant, what the results are called, and that one bad input ends
// nothing but itself.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "media/probe.h"

namespace toonmirror::app {

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
  // Beside each input instead, NAME-SUFFIX, with a number added where there is such a file already.
  static ResultNames beside(std::string suffix) {
    ResultNames names{{}};
    names.suffix_ = std::move(suffix);
    return names;
  }

  // `kind`: of the result.
  std::filesystem::path result_of(const std::filesystem::path& input, media::InputKind kind);

 private:
  std::filesystem::path folder_;
  std::string suffix_;
  std::set<std::string> taken_;  // in lower case: some file systems make no difference
};

// What became of one input.
struct BatchItem {
  std::filesystem::path input, output;
  std::optional<nlohmann::ordered_json> report;  // once it is done
  std::string error, hint;                       // where it failed

  bool failed() const { return !error.empty(); }
};

class Batch {
 public:
  // The inputs with their outputs: `output` itself for a single one; for several, for a folder among the
  // words or where `output` is a folder, which is made where it is missing, a name in that folder, empty at
  // first. Without an `output` the results of files lie beside them, NAME-SUFFIX, and those of one folder in another
  // one beside it, FOLDER-SUFFIX. Throws UsageError where `output` is a file and there are several inputs, Error
  // where the folder cannot be made.
  Batch(const std::vector<std::string>& words, const std::vector<std::filesystem::path>& inputs,
        std::filesystem::path output, const std::string& suffix = {});

  // Calls work(item) for one input after the other that has not failed. An Error is said and kept with the
  // item; of a single input it is rethrown. Interrupted ends the batch.
  void run(const std::function<void(BatchItem&)>& work);

  // Names the item's result where it has no name yet.
  void name_result(BatchItem& item, media::InputKind kind);

  const std::vector<BatchItem>& items() const { return items_; }
  size_t failures() const;

  // One object each: input, output, and the report's members or error and hint.
  nlohmann::ordered_json to_json() const;

 private:
  std::vector<BatchItem> items_;
  ResultNames names_;
};

}  // namespace toonmirror::app
