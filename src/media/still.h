// Photos in, photos out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "media/still_metadata.h"

namespace toonmirror::media {

// A photo, upright (EXIF orientation is obeyed), 8 bits per channel.
struct StillImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3] in sRGB; transparent pixels composited over white
  std::optional<std::vector<uint8_t>>
      alpha;                          // [height, width], 255 opaque; only where the file has transparency
  std::vector<std::string> warnings;  // such as "photo.jpg: is cut off; the lower part is missing"

  std::vector<uint8_t> icc;      // the file's profile of RGB colours; empty: sRGB
  std::vector<uint8_t> own_rgb;  // the pixels in these colours, composited too; empty where `rgb` is the same
  StillMetadata metadata;
};

// Reads JPEG, PNG, WebP, BMP, TIFF, PNM, JPEG 2000, JPEG XL, HEIC or AVIF; the format is told by the content, not by
// the name. Grey, CMYK, palette and 16-bit pictures come out as 8-bit RGB, other colours than sRGB's in sRGB. Throws
// Error with one clear line: missing, empty, not a picture, damaged, too large (over 2^28 pixels).
StillImage read_still(const std::filesystem::path& path);

// Writes by extension: .png .jpg .jpeg .webp .avif .bmp .tif .tiff. `quality` 1..100 is for JPEG, WebP and AVIF. All but
// JPEG and BMP keep alpha; all but BMP keep metadata and the profile, in whose colours pixels are then written: those
// of own_rgb where nothing was drawn. The file appears complete or not at all. Returns what had to be left out, one line
// each. Throws Error: unknown extension, unwritable.
std::vector<std::string> write_still(const std::filesystem::path& path, const StillImage& image,
                                     int quality = 95);

}  // namespace toonmirror::media
