// Reads a range of bytes from front to back; every length is compared with what is left.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/error.h"

namespace toonmirror::checkpoint {

inline constexpr const char* kIncompleteHint =
    "it is damaged or its download is incomplete: download it again";

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t position() const { return position_; }
  uint64_t left() const { return bytes_.size() - position_; }

  // The next `size` bytes. Throws Error where there are fewer; `what` completes "is cut off: …".
  std::span<const uint8_t> take(uint64_t size, const char* what) {
    if (size > left()) {
      throw Error(
          fmt::format("is cut off or damaged: {} of {} bytes begins at byte {}, where {} bytes are left",
                      what, size, position_, left()),
          kIncompleteHint);
    }
    const auto result = bytes_.subspan(position_, size);
    position_ += size;
    return result;
  }

  // A little-endian number.
  template <typename T>
  T number(const char* what) {
    T value;  // this program runs on little-endian machines alone, as does LibTorch
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  // The bytes up to the next line feed, which is skipped.
  std::string_view line(const char* what) {
    const char* begin = reinterpret_cast<const char*>(bytes_.data()) + position_;
    const void* end = left() == 0 ? nullptr : std::memchr(begin, '\n', left());
    if (end == nullptr) throw Error(fmt::format("is cut off: {} without an end", what), kIncompleteHint);
    const auto size = static_cast<size_t>(static_cast<const char*>(end) - begin);
    position_ += size + 1;
    return {begin, size};
  }

 private:
  std::span<const uint8_t> bytes_;
  uint64_t position_ = 0;
};

}  // namespace toonmirror::checkpoint
