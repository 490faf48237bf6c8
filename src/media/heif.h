// HEIC and AVIF photos, as phones take them, by libheif.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "media/still_metadata.h"

namespace toonmirror::media {

struct HeifPicture {
  int width = 0, height = 0;  // as shown: turned and cut as the file says
  std::vector<uint8_t> rgba;  // [height, width, 4], alpha not multiplied in
  std::vector<uint8_t> icc;   // where its colours are not sRGB's
  StillMetadata metadata;
  std::string transfer;  // "PQ" or "HLG" where its values are of HDR, which is not undone
};

// The first picture of a file. Throws Error, completing "FILE: …", where it is damaged, of a codec that this build of
// libheif lacks, or has more than `most_pixels`.
HeifPicture read_heif(std::span<const uint8_t> file, int64_t most_pixels);

// An AVIF file of RGB [height, width, 3] or, with `alpha` [height, width], RGBA; quality 1 … 100. Throws Error as above.
std::vector<uint8_t> avif_file(int width, int height, const std::vector<uint8_t>& rgb,
                               const std::vector<uint8_t>* alpha, int quality, const StillMetadata& metadata,
                               const std::vector<uint8_t>& icc);

}  // namespace toonmirror::media
