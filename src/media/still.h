// Photos in, photos out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace toonmirror::media {

// A photo, upright (EXIF orientation is obeyed), 8 bits per channel.
struct StillImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;  // [height, width, 3]; transparent pixels composited over white
  std::optional<std::vector<uint8_t>>
      alpha;                          // [height, width], 255 opaque; only where the file has transparency
  std::vector<std::string> warnings;  // such as "photo.jpg: is cut off; the lower part is missing"
};

// Reads JPEG, PNG, WebP, BMP, TIFF, PNM, JPEG 2000 or JPEG XL; the format is told by the content, not by the
// name. Grey, CMYK, palette and 16-bit pictures come out as 8-bit RGB. Throws Error with one clear line:
// missing, empty, not a picture, damaged, too large (over 2^28 pixels).
StillImage read_still(const std::filesystem::path& path);

// Writes by extension: .png .jpg .jpeg .webp .bmp .tif .tiff. `quality` 1..100 is for JPEG and WebP. PNG,
// WebP and TIFF keep alpha. The file appears complete or not at all. Throws Error: unknown extension,
// unwritable.
void write_still(const std::filesystem::path& path, const StillImage& image, int quality = 95);

}  // namespace toonmirror::media
