// Faces out of numbers: the same seed is the same person in every style of a family.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace toonmirror::toon {

// "0-3,8" → 0 1 2 3 8. Throws Error for anything that is not 32-bit numbers and rising ranges parted by
// commas, and for more than 4096 seeds.
std::vector<uint32_t> parse_seeds(const std::string& text);

// z [1, z_dim] float, standard normal: what numpy.random.RandomState(seed).randn(1, z_dim) draws, so that a
// seed is the same face as in NVlabs/stylegan2 run_generator.py and NVlabs/stylegan2-ada-pytorch generate.py.
// Mersenne Twister (MT19937) seeded as by Knuth, uniform numbers of 53 bits, polar method (Marsaglia 1964).
at::Tensor latent_of_seed(uint32_t seed, int64_t z_dim);

// Pictures [3, H, W] of one size, row by row → [3, rows · H, columns · W]; missing ones at the end are white
// (1). `columns` 0: about as many as rows.
at::Tensor picture_grid(const std::vector<at::Tensor>& pictures, int64_t columns);

}  // namespace toonmirror::toon
