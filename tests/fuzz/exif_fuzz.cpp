// Orientations of photos, in every format that has them.
#include "media/exif.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using toonmirror::media::PictureFormat;
  for (const PictureFormat format :
       {PictureFormat::kJpeg, PictureFormat::kPng, PictureFormat::kWebp, PictureFormat::kTiff}) {
    const int orientation = toonmirror::media::exif_orientation(format, {data, size});
    if (orientation < 1 || orientation > 8) __builtin_trap();
  }
  return 0;
}
