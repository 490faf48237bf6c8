// Crops of the pictures of a pack: turned, mirrored, bent, and reaching beyond the picture's borders.
#pragma once

#include <array>
#include <cstdint>

#include "training/canvas.h"
#include "training/turned_view.h"

namespace toonmirror::training {

// What lies beyond the borders of a picture.
enum class Beyond : uint8_t { kMirror, kEdge, kColour };

// A picture [side_px, side_px, 3], and how much of it there is.
struct SourcePicture {
  const uint8_t* pixels = nullptr;
  int64_t side_px = 0;
  // Pixel centres; what lies outside is not seen.
  float left = 0, top = 0, right = 0, bottom = 0;
  Beyond beyond = Beyond::kMirror;
  Colour colour{};

  bool shows(float x, float y) const { return x >= left && x <= right && y >= top && y <= bottom; }
};

// All of that picture.
SourcePicture whole_picture(const uint8_t* pixels, int64_t side_px);

// Where a crop lies: source = centre + x · across + y · down, pixels of the source and units of the crop.
// Of a mirrored crop `across` points the other way.
struct CropMap {
  std::array<double, 2> centre{}, across{1, 0}, down{0, 1};

  std::array<double, 2> source(double x, double y) const {
    return {centre[0] + x * across[0] + y * down[0], centre[1] + x * across[1] + y * down[1]};
  }
  std::array<double, 2> crop(double source_x, double source_y) const;
  // Pixels of the source by one unit of the crop.
  double scale() const;
  void mirror() { across = {-across[0], -across[1]}; }
};

// Fills the canvas; `warp` (null: none) says where in the crop each of its places was taken from. Bilinear;
// of a source averaged down by halves first, as far as the crop is coarser and `antialias` wants it.
void sample_crop(const SourcePicture& source, const CropMap& map, const WarpField* warp, bool antialias,
                 const Canvas& canvas);

}  // namespace toonmirror::training
