// Where a tensor's numbers lie in a file: nothing is read yet.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace toonmirror::checkpoint {

// A run of bytes in the file.
struct Blob {
  const uint8_t* data = nullptr;
  uint64_t size = 0;          // after decoding
  uint64_t encoded_size = 0;  // in the file
  // Python 3 writes bytes to protocol 2 as a text whose code points are the bytes, in UTF-8.
  bool latin1_in_utf8 = false;
};

inline Blob plain_blob(std::span<const uint8_t> bytes) { return {bytes.data(), bytes.size(), bytes.size()}; }

// What several tensors may share. A legacy PyTorch file says where it lies only after all that refer to it.
struct Storage {
  at::ScalarType dtype = at::kFloat;
  uint64_t count = 0;  // numbers in it
  bool big_endian = false;
  std::optional<Blob> blob;       // of count · size of dtype bytes
  std::optional<uint32_t> crc32;  // of the blob, where the container has one
};

struct TensorView {
  std::shared_ptr<const Storage> storage;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in numbers, not bytes
  uint64_t offset = 0;           // of the first number in the storage
  bool from_numpy = false;
};

inline constexpr size_t kMaxDimensions = 16;  // networks have at most 6

// Numbers in a tensor of that shape. Throws Error when a size is negative or the product exceeds 63 bits.
uint64_t checked_count(std::span<const int64_t> shape);

// Bytes of that many numbers; throws Error when it exceeds 63 bits.
uint64_t checked_bytes(uint64_t count, at::ScalarType dtype);

// Strides of a dense tensor, the last dimension fastest, or the first one where `fortran`. The shape must
// have passed checked_count.
std::vector<int64_t> dense_strides(std::span<const int64_t> shape, bool fortran = false);

// Throws Error unless every number of the view lies in its storage: no negative or overflowing size, stride
// or offset, as many strides as sizes, and no more dimensions than networks use.
void check_view(const TensorView& view);

}  // namespace toonmirror::checkpoint
