// What share of some numbers lies below.
#pragma once

#include <cstddef>
#include <vector>

namespace toonmirror {

// By the nearest rank below: of 11 numbers in rising order, `share` 0.5 is the sixth. 0 where there are none.
inline double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace toonmirror
