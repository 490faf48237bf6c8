#include "cli/photo_index.h"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "base/error.h"

namespace toonmirror::cli {
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

}  // namespace

std::vector<IndexedPhoto> read_photo_index(const std::filesystem::path& csv) {
  std::ifstream file(csv, std::ios::binary);
  if (!file) throw Error(csv.string() + ": cannot be opened");
  const auto rows = split_csv({std::istreambuf_iterator<char>(file), {}});
  if (rows.empty()) throw Error(csv.string() + ": is empty");
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < rows[0].size(); ++i) columns[rows[0][i]] = i;
  if (!columns.contains("file") || !columns.contains("lm68")) {
    throw Error(csv.string() + ": has no columns file and lm68");
  }
  std::map<std::string, int> pictures_of;
  const auto field = [&](size_t row, const char* column) {
    const auto found = columns.find(column);
    return found == columns.end() ? std::string() : rows[row][found->second];
  };
  std::vector<IndexedPhoto> photos;
  for (size_t row = 1; row < rows.size(); ++row) {
    const std::string where = csv.string() + " line " + std::to_string(row + 1);
    if (rows[row].size() != rows[0].size())
      throw Error(where + ": has another number of fields than the heading");
    const std::string error = field(row, "lm68_err");
    photos.push_back({field(row, "file"), field(row, "person"), parse_landmarks(field(row, "lm68"), where),
                      error.empty() ? 1.0 : std::atof(error.c_str())});
    ++pictures_of[photos.back().key];
  }
  for (IndexedPhoto& photo : photos) {
    if (photo.key.empty() || pictures_of[photo.key] == 1) photo.key = photo.file;
  }
  return photos;
}

}  // namespace toonmirror::cli
