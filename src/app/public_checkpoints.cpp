#include "app/public_checkpoints.h"

#include <map>
#include <sstream>
#include <vector>

#include "app/public_checkpoints_table.h"

namespace toonmirror::app {
namespace {

std::map<std::string, PublicCheckpoint, std::less<>> read_table() {
  enum Column { kName, kBytes, kChecksum, kWhat, kLicence, kWhere, kColumnCount };
  constexpr std::string_view kPrefix = "sha256:";
  std::map<std::string, PublicCheckpoint, std::less<>> result;
  std::istringstream table{std::string(kPublicCheckpointsTable)};
  for (std::string line; std::getline(table, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
    if (row.size() != kColumnCount || !row[kChecksum].starts_with(kPrefix)) continue;
    result[row[kChecksum].substr(kPrefix.size())] = {row[kName], row[kWhat], row[kLicence]};
  }
  return result;
}

}  // namespace

const PublicCheckpoint* find_public_checkpoint(std::string_view sha256) {
  static const auto table = read_table();
  const auto found = table.find(sha256);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace toonmirror::app
