#include "training/crop_sampler.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace toonmirror::training {
namespace {

// Steps in the source from one pixel of the crop to the next that bilinear sampling alone bears.
constexpr double kCoarse_px = 1.45;

// A picture and the same at half its size.
class Halves {
 public:
  Halves(const SourcePicture& source, const CropMap& map) : source_(source), map_(map) {}

  void halve() {
    const int64_t side = source_.side_px / 2, stride = source_.side_px * 3;
    std::vector<uint8_t> smaller(static_cast<size_t>(side * side * 3));
    uint8_t* out = smaller.data();
    for (int64_t y = 0; y < side; ++y) {
      const uint8_t* row = source_.pixels + 2 * y * stride;
      for (int64_t x = 0; x < side; ++x, row += 6) {
        for (int c = 0; c < 3; ++c) {
          *out++ =
              static_cast<uint8_t>((row[c] + row[c + 3] + row[c + stride] + row[c + stride + 3] + 2) / 4);
        }
      }
    }
    pixels_.swap(smaller);
    source_.pixels = pixels_.data();
    source_.side_px = side;
    const auto half = [](float place) { return (place + 0.5F) / 2 - 0.5F; };
    const auto last = static_cast<float>(side - 1);
    source_.left = std::clamp(half(source_.left), 0.0F, last);
    source_.top = std::clamp(half(source_.top), 0.0F, last);
    source_.right = std::clamp(half(source_.right), source_.left, last);
    source_.bottom = std::clamp(half(source_.bottom), source_.top, last);
    for (size_t axis = 0; axis < 2; ++axis) {
      map_.centre[axis] = (map_.centre[axis] + 0.5) / 2 - 0.5;
      map_.across[axis] /= 2;
      map_.down[axis] /= 2;
    }
  }

  const SourcePicture& source() const { return source_; }
  const CropMap& map() const { return map_; }

 private:
  SourcePicture source_;
  CropMap map_;
  std::vector<uint8_t> pixels_;
};

// Mirrored at the outer edges of the first and last pixel, as often as it takes, then held inside.
float reflected(float place, float first, float last) {
  const float span = last - first + 1.0F;
  const float along = std::fmod(std::abs(place - first + 0.5F), 2.0F * span);
  return std::clamp(first + (along > span ? 2.0F * span - along : along) - 0.5F, first, last);
}

void take(const SourcePicture& source, float x, float y, float* pixel) {
  if (!source.shows(x, y)) {
    if (source.beyond == Beyond::kColour) {
      std::copy(source.colour.begin(), source.colour.end(), pixel);
      return;
    }
    const bool mirrored = source.beyond == Beyond::kMirror;
    x = mirrored ? reflected(x, source.left, source.right) : std::clamp(x, source.left, source.right);
    y = mirrored ? reflected(y, source.top, source.bottom) : std::clamp(y, source.top, source.bottom);
  }
  // The last pixel is the second of its pair, so that none beyond it is read.
  const auto left = std::min(static_cast<int64_t>(x), source.side_px - 2);
  const auto top = std::min(static_cast<int64_t>(y), source.side_px - 2);
  const float a = x - static_cast<float>(left), b = y - static_cast<float>(top);
  const uint8_t* upper = source.pixels + (top * source.side_px + left) * 3;
  const uint8_t* lower = upper + source.side_px * 3;
  constexpr float kScale = 1.0F / 255.0F;
  const float w00 = (1 - a) * (1 - b) * kScale, w01 = a * (1 - b) * kScale, w10 = (1 - a) * b * kScale,
              w11 = a * b * kScale;
  for (int c = 0; c < 3; ++c) {
    pixel[c] = w00 * static_cast<float>(upper[c]) + w01 * static_cast<float>(upper[c + 3]) +
               w10 * static_cast<float>(lower[c]) + w11 * static_cast<float>(lower[c + 3]);
  }
}

}  // namespace

SourcePicture whole_picture(const uint8_t* pixels, int64_t side_px) {
  SourcePicture result{.pixels = pixels, .side_px = side_px};
  result.right = result.bottom = static_cast<float>(side_px - 1);
  return result;
}

std::array<double, 2> CropMap::crop(double source_x, double source_y) const {
  const double x = source_x - centre[0], y = source_y - centre[1];
  const double determinant = across[0] * down[1] - across[1] * down[0];
  return {(x * down[1] - y * down[0]) / determinant, (y * across[0] - x * across[1]) / determinant};
}

double CropMap::scale() const { return std::hypot(across[0], across[1]); }

void sample_crop(const SourcePicture& given, const CropMap& given_map, const WarpField* warp, bool antialias,
                 const Canvas& canvas) {
  Halves halves(given, given_map);
  const double unit_px = 2.0 / static_cast<double>(canvas.side_px);  // a pixel of the crop in its units
  while (antialias && halves.map().scale() * unit_px > kCoarse_px && halves.source().side_px > 8) {
    halves.halve();
  }
  const SourcePicture& source = halves.source();
  const auto f = [](double value) { return static_cast<float>(value); };
  const CropMap& map = halves.map();
  const float cx = f(map.centre[0]), cy = f(map.centre[1]), ax = f(map.across[0]), ay = f(map.across[1]),
              dx = f(map.down[0]), dy = f(map.down[1]);
  float* pixel = canvas.pixels;
  for (int64_t row = 0; row < canvas.side_px; ++row) {
    const float v = (static_cast<float>(row) + 0.5F) * f(unit_px) - 1.0F;
    for (int64_t column = 0; column < canvas.side_px; ++column, pixel += 3) {
      float x = (static_cast<float>(column) + 0.5F) * f(unit_px) - 1.0F, y = v;
      if (warp != nullptr) {
        const auto [sx, sy] = (*warp)(x, y);
        x += sx;
        y += sy;
      }
      take(source, cx + x * ax + y * dx, cy + x * ay + y * dy, pixel);
    }
  }
}

}  // namespace toonmirror::training
