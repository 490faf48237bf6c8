#include "training/picture_warp.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::training {
namespace {

// Source pixel of each result pixel, an affine function of its column and row.
struct PixelMap {
  float x_by_column, x_by_row, x0;
  float y_by_column, y_by_row, y0;
};

PixelMap pixel_map(const Variation& variation, int64_t size_px) {
  const auto size = static_cast<double>(size_px);
  const double first = 1.0 / size - 1.0;  // the first pixel's centre in grid coordinates
  const auto of = [&](const std::array<double, 3>& row) {
    return (row[0] * first + row[1] * first + row[2] + 1.0) * size / 2.0 - 0.5;
  };
  const auto& [x, y] = variation.source_from_result;
  return {static_cast<float>(x[0]), static_cast<float>(x[1]), static_cast<float>(of(x)),
          static_cast<float>(y[0]), static_cast<float>(y[1]), static_cast<float>(of(y))};
}

// Mirrored at the outer edges of the first and last pixel, as often as it takes, then held inside.
float reflected(float position, float last) {
  if (position >= 0.0f && position <= last) return position;
  const float span = last + 1.0f;
  const float along = std::fmod(std::abs(position + 0.5f), 2.0f * span);
  return std::clamp((along > span ? 2.0f * span - along : along) - 0.5f, 0.0f, last);
}

void warp_picture(const uint8_t* source, int64_t size_px, const PixelMap& map, float gain, float* result) {
  const auto last = static_cast<float>(size_px - 1);
  const float scale = gain / 127.5f;
  for (int64_t row = 0; row < size_px; ++row) {
    const auto v = static_cast<float>(row);
    for (int64_t column = 0; column < size_px; ++column, result += 3) {
      const auto u = static_cast<float>(column);
      const float x = reflected(map.x_by_column * u + map.x_by_row * v + map.x0, last);
      const float y = reflected(map.y_by_column * u + map.y_by_row * v + map.y0, last);
      // The last pixel is the second of its pair, so that none beyond it is read.
      const auto left = std::min(static_cast<int64_t>(x), size_px - 2);
      const auto top = std::min(static_cast<int64_t>(y), size_px - 2);
      const float a = x - static_cast<float>(left), b = y - static_cast<float>(top);
      const uint8_t* upper = source + (top * size_px + left) * 3;
      const uint8_t* lower = upper + size_px * 3;
      const float w00 = (1 - a) * (1 - b), w01 = a * (1 - b), w10 = (1 - a) * b, w11 = a * b;
      for (int channel = 0; channel < 3; ++channel) {
        const float value =
            w00 * static_cast<float>(upper[channel]) + w01 * static_cast<float>(upper[channel + 3]) +
            w10 * static_cast<float>(lower[channel]) + w11 * static_cast<float>(lower[channel + 3]);
        result[channel] = std::clamp(value * scale - 1.0f, -1.0f, 1.0f);
      }
    }
  }
}

void warp_labels(const uint8_t* source, int64_t size_px, const PixelMap& map, int64_t* result) {
  const auto last = static_cast<float>(size_px - 1);
  for (int64_t row = 0; row < size_px; ++row) {
    const auto v = static_cast<float>(row);
    for (int64_t column = 0; column < size_px; ++column) {
      const auto u = static_cast<float>(column);
      const float x = reflected(map.x_by_column * u + map.x_by_row * v + map.x0, last);
      const float y = reflected(map.y_by_column * u + map.y_by_row * v + map.y0, last);
      *result++ = source[static_cast<int64_t>(y + 0.5f) * size_px + static_cast<int64_t>(x + 0.5f)];
    }
  }
}

}  // namespace

at::Tensor varied_pictures(const at::Tensor& bytes, const std::vector<int64_t>& rows,
                           const std::vector<Variation>& variations) {
  const at::Tensor source = bytes.contiguous();
  const int64_t size_px = source.size(1), count = std::ssize(rows);
  at::Tensor result = at::empty({count, 3, size_px, size_px}, at::kFloat, at::MemoryFormat::ChannelsLast);
  const int64_t stride = size_px * size_px * 3;
  for (int64_t n = 0; n < count; ++n) {
    const Variation& variation = variations[static_cast<size_t>(n)];
    warp_picture(source.data_ptr<uint8_t>() + rows[static_cast<size_t>(n)] * stride, size_px,
                 pixel_map(variation, size_px), static_cast<float>(variation.gain),
                 result.data_ptr<float>() + n * stride);
  }
  return result;
}

at::Tensor varied_labels(const at::Tensor& bytes, const std::vector<int64_t>& rows,
                         const std::vector<Variation>& variations) {
  const at::Tensor source = bytes.contiguous();
  const int64_t size_px = source.size(1), count = std::ssize(rows);
  at::Tensor result = at::empty({count, size_px, size_px}, at::kLong);
  const int64_t stride = size_px * size_px;
  for (int64_t n = 0; n < count; ++n) {
    warp_labels(source.data_ptr<uint8_t>() + rows[static_cast<size_t>(n)] * stride, size_px,
                pixel_map(variations[static_cast<size_t>(n)], size_px),
                result.data_ptr<int64_t>() + n * stride);
  }
  return result;
}

}  // namespace toonmirror::training
