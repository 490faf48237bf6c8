// A square picture that is worked on: RGB from 0 to 1, row by row.
#pragma once

#include <array>
#include <cstdint>

namespace toonmirror::training {

using Colour = std::array<float, 3>;

struct Canvas {
  float* pixels = nullptr;  // [side_px, side_px, 3]; somebody else's
  int64_t side_px = 0;

  float* at(int64_t x, int64_t y) const { return pixels + (y * side_px + x) * 3; }
  int64_t size() const { return side_px * side_px * 3; }
};

}  // namespace toonmirror::training
