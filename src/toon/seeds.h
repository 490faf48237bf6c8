// Faces out of numbers: the same seed is the same person in every style of a family.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace toonmirror::toon {

// "0-3,8" → 0 1 2 3 8. Throws Error for anything that is not numbers and rising ranges parted by commas, and
// for more than 4096 seeds.
std::vector<uint64_t> parse_seeds(const std::string& text);

// z [1, z_dim], standard normal: what LibTorch's CPU generator draws when it is seeded with `seed`.
at::Tensor latent_of_seed(uint64_t seed, int64_t z_dim);

// Pictures [3, H, W] of one size, row by row → [3, rows · H, columns · W]; missing ones at the end are white
// (1). `columns` 0: about as many as rows.
at::Tensor picture_grid(const std::vector<at::Tensor>& pictures, int64_t columns);

}  // namespace toonmirror::toon
