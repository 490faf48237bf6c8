#include "datasets/photo_index.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>

#include "base/error.h"
#include "teachers/pair_builder.h"

namespace toonmirror::datasets {
namespace {

// Splits CSV text into rows of fields; a field in double quotes may hold commas, line ends and doubled
// quotes.
std::vector<std::vector<std::string>> split_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        rows.back().back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        rows.back().back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      rows.emplace_back(1);
    } else if (c != '\r') {
      rows.back().back() += c;
    }
  }
  if (rows.back().size() == 1 && rows.back()[0].empty()) rows.pop_back();
  return rows;
}

face::Landmarks parse_landmarks(const std::string& text, const std::string& where) {
  face::Landmarks landmarks;
  std::istringstream numbers(text);
  for (cv::Point2d& point : landmarks) {
    if (!(numbers >> point.x >> point.y)) throw Error(where + ": lm68 does not hold 136 numbers");
  }
  return landmarks;
}

std::optional<int> age_in(const std::string& text) {
  static const std::regex kAge("(?:^|;)age=([0-9]+)|([0-9]+)-year-old");
  std::smatch found;
  if (!std::regex_search(text, found, kAge)) return std::nullopt;
  return std::stoi(found[1].matched ? found[1] : found[2]);
}

class Csv {
 public:
  Csv(const std::filesystem::path& path, std::initializer_list<const char*> needed) : path_(path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(path.string() + ": cannot be opened");
    rows_ = split_csv({std::istreambuf_iterator<char>(file), {}});
    if (rows_.empty()) throw Error(path.string() + ": is empty");
    for (size_t i = 0; i < rows_[0].size(); ++i) columns_[rows_[0][i]] = i;
    for (const char* column : needed) {
      if (!columns_.contains(column)) throw Error(path.string() + ": has no column " + column);
    }
    for (size_t row = 1; row < rows_.size(); ++row) {
      if (rows_[row].size() == rows_[0].size()) continue;
      throw Error(where(row) + ": has another number of fields than the heading");
    }
  }

  size_t size() const { return rows_.size(); }  // with the heading: row 0
  std::string where(size_t row) const { return path_.string() + " line " + std::to_string(row + 1); }
  // Empty where there is no such column.
  std::string field(size_t row, const char* column) const {
    const auto found = columns_.find(column);
    return found == columns_.end() ? std::string() : rows_[row][found->second];
  }

 private:
  std::filesystem::path path_;
  std::vector<std::vector<std::string>> rows_;
  std::map<std::string, size_t> columns_;
};

}  // namespace

std::vector<IndexedPhoto> read_photo_index(const std::filesystem::path& path) {
  const Csv csv(path, {"file", "lm68"});
  std::map<std::string, int> pictures_of;
  std::vector<IndexedPhoto> photos;
  for (size_t row = 1; row < csv.size(); ++row) {
    const std::string error = csv.field(row, "lm68_err");
    photos.push_back({csv.field(row, "file"), csv.field(row, "person"),
                      parse_landmarks(csv.field(row, "lm68"), csv.where(row)),
                      error.empty() ? 1.0 : std::atof(error.c_str()), age_in(csv.field(row, "meta"))});
    ++pictures_of[photos.back().key];
  }
  for (IndexedPhoto& photo : photos) {
    if (photo.key.empty() || pictures_of[photo.key] == 1) photo.key = photo.file;
  }
  return photos;
}

ClipPersons::ClipPersons(const std::filesystem::path& path) {
  if (path.empty()) return;
  const Csv csv(path, {"file", "person"});
  for (size_t row = 1; row < csv.size(); ++row) {
    person_by_file_[csv.field(row, "file")] = csv.field(row, "person");
  }
}

bool ClipPersons::holds_out(const std::filesystem::path& clip) const {
  constexpr unsigned kHeldOutPercent = 12;
  const std::string file = clip.filename().string();
  const auto found = person_by_file_.find(file);
  return teachers::is_held_out(found == person_by_file_.end() ? file : found->second, kHeldOutPercent);
}

std::vector<std::filesystem::path> files_beside_index(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(folder)) throw Error(folder.string() + ": is not a folder");
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() != ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace toonmirror::datasets
