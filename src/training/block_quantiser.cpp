#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "training/picture_damage.h"

namespace toonmirror::training {
namespace {

constexpr int kSide = 8;
using Block = std::array<float, kSide * kSide>;

// ITU-T T.81, table K.1, and what is common in K.2; in steps of 1/255.
constexpr std::array<int, kSide* kSide> kLuma = {
    16, 11,  10,  16, 24, 40, 51, 61, 12,  12,  14,  19,  26, 58, 60, 55,  14,  13,  16,  24, 40, 57,
    69, 56,  14,  17, 22, 29, 51, 87, 80,  62,  18,  22,  37, 56, 68, 109, 103, 77,  24,  35, 55, 64,
    81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,  112, 100, 103, 99};
constexpr int kChroma = 99, kChromaLow = 22;

// Rows are the cosines of frequency 0 … 7.
const Block& cosines() {
  static const Block kCosines = [] {
    Block result{};
    for (int k = 0; k < kSide; ++k) {
      for (int n = 0; n < kSide; ++n) {
        const double scale = std::sqrt((k == 0 ? 1.0 : 2.0) / kSide);
        result[static_cast<size_t>(k * kSide + n)] =
            static_cast<float>(scale * std::cos((2 * n + 1) * k * std::numbers::pi / (2 * kSide)));
      }
    }
    return result;
  }();
  return kCosines;
}

// c · x · cᵀ; the inverse of that, cᵀ · x · c.
Block between(const Block& c, const Block& x, bool inverse) {
  Block half{}, result{};
  const auto factor = [&](int row, int column) {
    return c[static_cast<size_t>(inverse ? column * kSide + row : row * kSide + column)];
  };
  for (int i = 0; i < kSide; ++i) {
    for (int k = 0; k < kSide; ++k) {
      const float f = factor(i, k);
      for (int j = 0; j < kSide; ++j)
        half[static_cast<size_t>(i * kSide + j)] += f * x[static_cast<size_t>(k * kSide + j)];
    }
  }
  for (int j = 0; j < kSide; ++j) {
    for (int k = 0; k < kSide; ++k) {
      const float f = factor(j, k);
      for (int i = 0; i < kSide; ++i)
        result[static_cast<size_t>(i * kSide + j)] += f * half[static_cast<size_t>(i * kSide + k)];
    }
  }
  return result;
}

void round_block(Block& block, const Block& steps) {
  Block frequencies = between(cosines(), block, /*inverse=*/false);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = std::nearbyint(frequencies[i] / steps[i]) * steps[i];
  }
  block = between(cosines(), frequencies, /*inverse=*/true);
}

}  // namespace

void quantise_blocks(const Canvas& canvas, double quality, Dice& dice) {
  // libjpeg's scale of qualities.
  const double factor = (quality < 50 ? 50 / quality : 2 - quality / 50) / 255;
  Block luma, chroma;
  for (size_t i = 0; i < luma.size(); ++i) {
    luma[i] = static_cast<float>(factor * kLuma[i]);
    chroma[i] = static_cast<float>(factor * (i % kSide + i / kSide < 3 ? kChromaLow : kChroma));
  }
  const int64_t first_x = -dice.below(kSide), first_y = -dice.below(kSide), last = canvas.side_px - 1;
  for (int64_t top = first_y; top <= last; top += kSide) {
    for (int64_t left = first_x; left <= last; left += kSide) {
      std::array<Block, 3> planes;
      const auto pixel_of = [&](size_t i) {
        return canvas.at(std::clamp<int64_t>(left + static_cast<int64_t>(i % kSide), 0, last),
                         std::clamp<int64_t>(top + static_cast<int64_t>(i / kSide), 0, last));
      };
      for (size_t i = 0; i < luma.size(); ++i) {
        const float* p = pixel_of(i);
        const float y = 0.299F * p[0] + 0.587F * p[1] + 0.114F * p[2];
        planes[0][i] = y - 0.5F;
        planes[1][i] = 0.564F * (p[2] - y);
        planes[2][i] = 0.713F * (p[0] - y);
      }
      round_block(planes[0], luma);
      round_block(planes[1], chroma);
      round_block(planes[2], chroma);
      for (size_t i = 0; i < luma.size(); ++i) {
        const auto x = left + static_cast<int64_t>(i % kSide), y = top + static_cast<int64_t>(i / kSide);
        if (x < 0 || y < 0 || x > last || y > last) continue;
        float* p = canvas.at(x, y);
        const float light = planes[0][i] + 0.5F;
        p[0] = light + 1.403F * planes[2][i];
        p[1] = light - 0.344F * planes[1][i] - 0.714F * planes[2][i];
        p[2] = light + 1.773F * planes[1][i];
      }
    }
  }
}

}  // namespace toonmirror::training
