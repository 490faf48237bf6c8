// The directory of a zip archive in memory (PKWARE's APPNOTE.TXT, sections 4.3 and 4.5), for archives that
// are never unpacked: PyTorch stores its records uncompressed, so that they can be used where they lie.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace toonmirror::checkpoint {

struct ZipRecord {
  std::span<const uint8_t> bytes;
  uint32_t crc32 = 0;
};

// Records by name. Throws Error, completing "FILE: …", when the directory is missing or contradicts the rest
// of the file, a record is compressed or encrypted, names occur twice or lead out of a folder, or records
// overlap.
std::map<std::string, ZipRecord, std::less<>> read_zip(std::span<const uint8_t> file);

// Whether a record is a model file that somebody, or a download of several files, packed as it is.
bool is_packed_model(std::string_view record);
// Throws the Error for an archive around it.
[[noreturn]] void refuse_packed_model(std::string_view record);

// CRC-32 as zip archives have it.
uint32_t crc32_of(std::span<const uint8_t> bytes);

}  // namespace toonmirror::checkpoint
