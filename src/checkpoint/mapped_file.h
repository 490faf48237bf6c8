// A file in memory, read from disk page by page when it is touched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace toonmirror::checkpoint {

class MappedFile {
 public:
  // Throws Error when the file is missing, a folder, empty, or cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Private to this process: writing changes the copy in memory, never the file.
  std::span<uint8_t> bytes() const { return bytes_; }
  bool contains(const uint8_t* data, uint64_t size) const;

  // Gives the memory of these bytes back until they are touched again; what lies outside of the mapping is
  // left alone. Nothing may have been written there.
  void forget(std::span<const uint8_t> bytes) const;

  // Copies `out.size()` bytes of the file that lie at `data` in the mapping. Unlike reading the mapping it
  // leaves no second copy of them in the memory of the process. Throws Error when the file was shortened
  // meanwhile.
  void read(const uint8_t* data, std::span<uint8_t> out) const;

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::span<uint8_t> bytes_;
};

}  // namespace toonmirror::checkpoint
