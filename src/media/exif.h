// The one thing of EXIF that changes how a photo looks: its orientation.
#pragma once

#include <cstdint>
#include <span>

#include "media/picture_file.h"

namespace toonmirror::media {

// The orientation 1..8 (tag 0x0112, EXIF 2.3 section 4.6.4) of a whole picture file: JPEG (APP1), PNG (eXIf),
// WebP (EXIF) or TIFF. 1, upright, where there is none, it makes no sense or the format has no place for it.
int exif_orientation(PictureFormat format, std::span<const uint8_t> file);

}  // namespace toonmirror::media
