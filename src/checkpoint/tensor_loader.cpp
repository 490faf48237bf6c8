#include "checkpoint/tensor_loader.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/error.h"
#include "checkpoint/byte_reader.h"
#include "checkpoint/storage_reader.h"
#include "checkpoint/zip_archive.h"

namespace toonmirror::checkpoint {
namespace {

constexpr size_t kAlignment = 64;  // what LibTorch's own allocator gives

std::shared_ptr<uint8_t> allocate(uint64_t size) {
  const uint64_t whole = (size + kAlignment - 1) / kAlignment * kAlignment;
  auto* memory = static_cast<uint8_t*>(std::aligned_alloc(kAlignment, whole));
  if (memory == nullptr) throw std::bad_alloc();
  return {memory, std::free};
}

void check(const Storage& storage, std::span<const uint8_t> bytes) {
  if (storage.crc32 && crc32_of(bytes) != *storage.crc32) {
    throw Error("is damaged: the checksum does not match", kIncompleteHint);
  }
}

}  // namespace

at::Tensor TensorLoader::load(const TensorView& view) {
  const Storage& storage = *view.storage;
  const auto options = at::TensorOptions().dtype(storage.dtype);
  if (checked_count(view.shape) == 0) return at::empty(view.shape, options);
  const Numbers numbers = numbers_of(storage);
  uint8_t* first = numbers.get() + view.offset * c10::elementSize(storage.dtype);
  return at::from_blob(
      first, view.shape, view.strides, [numbers](void*) {}, options);
}

TensorLoader::Numbers TensorLoader::numbers_of(const Storage& storage) {
  const std::lock_guard lock(mutex_);
  const uint8_t* data = storage.blob->data;
  const bool aligned = reinterpret_cast<uintptr_t>(data) % c10::elementSize(storage.dtype) == 0;
  if (is_plain(storage) && aligned && file_->contains(data, storage.blob->size)) return view_of(storage);
  std::weak_ptr<uint8_t>& kept = copies_[{data, storage.blob->size, storage.dtype, storage.big_endian}];
  Numbers numbers = kept.lock();
  if (numbers == nullptr) kept = numbers = copy_of(storage);
  return numbers;
}

TensorLoader::Numbers TensorLoader::view_of(const Storage& storage) {
  const Blob& blob = *storage.blob;
  const std::span<uint8_t> all = file_->bytes();
  const std::span<uint8_t> bytes = all.subspan(static_cast<size_t>(blob.data - all.data()), blob.size);
  // Once only: later the program may have written to them.
  if (!checked_.contains(blob.data)) {
    check(storage, bytes);
    checked_.insert(blob.data);
  }
  return {std::const_pointer_cast<MappedFile>(file_), bytes.data()};
}

TensorLoader::Numbers TensorLoader::copy_of(const Storage& storage) {
  const uint64_t size = checked_bytes(storage.count, storage.dtype);
  Numbers numbers = allocate(size);
  const auto copy = [&](const uint8_t* from, std::span<uint8_t> to) {
    if (file_->contains(from, to.size())) {
      file_->read(from, to);
    } else {
      std::copy_n(from, to.size(), to.begin());
    }
    check(storage, to);
  };
  read_storage(storage, copy, {numbers.get(), size});
  return numbers;
}

}  // namespace toonmirror::checkpoint
