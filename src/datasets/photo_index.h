// Indexes of training data: CSV files (RFC 4180) with a heading.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "face/face.h"

namespace toonmirror::datasets {

// A folder of aligned face crops.
struct IndexedPhoto {
  std::string file;             // relative to the folder of the index
  std::string key;              // the person, where several pictures show one, else the file
  face::Landmarks landmarks{};  // column lm68: x y x y …
  double landmark_error = 0;    // column lm68_err; 1 where it is empty
  std::optional<int> age;       // of column meta: "age=7", "22-year-old"
};

// Columns file, lm68; optional person, lm68_err, meta. Throws Error naming the file and line for anything
// else.
std::vector<IndexedPhoto> read_photo_index(const std::filesystem::path& csv);

// Who is in the clips of a folder.
class ClipPersons {
 public:
  // Columns file and person; an empty path: each file is another person. Throws as above.
  explicit ClipPersons(const std::filesystem::path& csv);
  // About 12 of 100 persons are held out, in all trainings the same.
  bool holds_out(const std::filesystem::path& clip) const;

 private:
  std::map<std::string, std::string> person_by_file_;
};

// The files of a folder but indexes (.csv), sorted. Throws Error where it is no folder.
std::vector<std::filesystem::path> files_beside_index(const std::filesystem::path& folder);

}  // namespace toonmirror::datasets
