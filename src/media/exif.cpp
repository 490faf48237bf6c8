#include "media/exif.h"

#include <cstring>
#include <string_view>

namespace toonmirror::media {

namespace {

using Bytes = std::span<const uint8_t>;

// A number of two or four bytes; 0 outside the data, which no field here needs to tell from a stored 0.
uint32_t number(Bytes data, size_t offset, int bytes, bool big_endian) {
  if (offset > data.size() || data.size() - offset < static_cast<size_t>(bytes)) return 0;
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big_endian ? bytes - 1 - i : i);
    value |= static_cast<uint32_t>(data[offset + i]) << shift;
  }
  return value;
}

bool has(Bytes data, size_t offset, std::string_view text) {
  return offset <= data.size() && data.size() - offset >= text.size() &&
         std::memcmp(data.data() + offset, text.data(), text.size()) == 0;
}

// The first directory (IFD0) of a TIFF structure, in which EXIF data are stored.
int orientation_in_tiff(Bytes tiff) {
  using namespace std::string_view_literals;
  const bool big_endian = has(tiff, 0, "MM\0*"sv);
  if (!big_endian && !has(tiff, 0, "II*\0"sv)) return 1;
  constexpr uint32_t kOrientationTag = 0x0112;
  constexpr size_t kEntryBytes = 12;
  const size_t directory = number(tiff, 4, 4, big_endian);
  const uint32_t entries = number(tiff, directory, 2, big_endian);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (number(tiff, entry, 2, big_endian) != kOrientationTag) continue;
    const uint32_t value = number(tiff, entry + 8, 2, big_endian);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int orientation_in_jpeg(Bytes file) {
  using namespace std::string_view_literals;
  constexpr uint8_t kApp1 = 0xE1, kStartOfScan = 0xDA;
  size_t offset = 2;
  while (offset + 4 <= file.size() && file[offset] == 0xFF) {
    const uint8_t marker = file[offset + 1];
    if (marker == 0xFF) {  // a fill byte
      ++offset;
      continue;
    }
    const size_t length = number(file, offset + 2, 2, true);
    if (marker == kStartOfScan || length < 2) break;
    if (marker == kApp1 && has(file, offset + 4, "Exif\0\0"sv) && length > 8) {
      const size_t start = offset + 10;
      return orientation_in_tiff(file.subspan(start, std::min(length - 8, file.size() - start)));
    }
    offset += 2 + length;
  }
  return 1;
}

int orientation_in_png(Bytes file) {
  size_t offset = 8;
  while (offset + 12 <= file.size()) {
    const size_t length = number(file, offset, 4, true);
    if (length > file.size() - offset - 12) break;
    if (has(file, offset + 4, "eXIf")) return orientation_in_tiff(file.subspan(offset + 8, length));
    offset += 12 + length;
  }
  return 1;
}

int orientation_in_webp(Bytes file) {
  using namespace std::string_view_literals;
  size_t offset = 12;
  while (offset + 8 <= file.size()) {
    const size_t length = number(file, offset + 4, 4, false);
    if (length > file.size() - offset - 8) break;
    if (has(file, offset, "EXIF")) {
      Bytes exif = file.subspan(offset + 8, length);
      if (has(exif, 0, "Exif\0\0"sv)) exif = exif.subspan(6);
      return orientation_in_tiff(exif);
    }
    offset += 8 + length + length % 2;
  }
  return 1;
}

}  // namespace

int exif_orientation(PictureFormat format, Bytes file) {
  switch (format) {
    case PictureFormat::kJpeg:
      return orientation_in_jpeg(file);
    case PictureFormat::kPng:
      return orientation_in_png(file);
    case PictureFormat::kWebp:
      return orientation_in_webp(file);
    case PictureFormat::kTiff:
      return orientation_in_tiff(file);
    default:
      return 1;
  }
}

}  // namespace toonmirror::media
