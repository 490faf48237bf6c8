// What a photo's file says beside its pixels: when, where and with which camera it was taken, who made it.
// Read and written by Exiv2.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace toonmirror::media {

struct StillMetadata {
  std::vector<uint8_t> exif;  // a TIFF structure (EXIF 2.3), upright and without its thumbnail
  std::vector<uint8_t> iptc;  // IPTC IIM4
  std::string xmp;            // an XMP packet

  bool empty() const { return exif.empty() && iptc.empty() && xmp.empty(); }
};

// Of a whole picture file. Empty where there is none, or it cannot be understood.
StillMetadata read_metadata(std::span<const uint8_t> file);
// Of an EXIF block by itself, as HEIF files hold it.
StillMetadata metadata_from_exif(std::span<const uint8_t> tiff);

// A JPEG, PNG, WebP or TIFF file with metadata and ICC profile added; either may be empty. Throws Error for other
// formats, and where it cannot be written, completing "FILE: …".
std::vector<uint8_t> with_metadata(const std::vector<uint8_t>& file, const StillMetadata& metadata,
                                   const std::vector<uint8_t>& icc);

}  // namespace toonmirror::media
