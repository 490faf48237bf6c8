// Pictures moved by a similarity, straight from the bytes of a pack: what varies training pairs.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <vector>

namespace toonmirror::training {

// Where a point of the result lies in the source, both in grid coordinates: −1 … 1 over the picture, x then
// y. `gain` is what its light is multiplied with.
struct Variation {
  std::array<std::array<double, 3>, 2> source_from_result = {{{1, 0, 0}, {0, 1, 0}}};
  double gain = 1.0;
};

// Those rows of U8 [M, S, S, 3], each moved by its variation (bilinear, mirrored at the borders): float RGB
// in [-1, 1], [N, 3, S, S], channels-last.
at::Tensor varied_pictures(const at::Tensor& bytes, const std::vector<int64_t>& rows,
                           const std::vector<Variation>& variations);

// The same of labels U8 [M, S, S] by the nearest one: int64 [N, S, S].
at::Tensor varied_labels(const at::Tensor& bytes, const std::vector<int64_t>& rows,
                         const std::vector<Variation>& variations);

}  // namespace toonmirror::training
