// Turns views of a mapped file into LibTorch's tensors.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "checkpoint/mapped_file.h"
#include "checkpoint/tensor_view.h"

namespace toonmirror::checkpoint {

// Storages that several tensors share are copied once at most, and only for as long as one of the tensors
// lives.
class TensorLoader {
 public:
  // `texts` is what the views point to besides the file; may be null.
  TensorLoader(std::shared_ptr<const MappedFile> file, std::shared_ptr<const void> texts)
      : file_(std::move(file)), texts_(std::move(texts)) {}

  // Throws Error, completing "FILE: …", when the bytes do not match their checksum.
  at::Tensor load(const TensorView& view);

 private:
  using Numbers = std::shared_ptr<uint8_t>;
  // Where the numbers are, and what they are read as: two numpy arrays may read the same bytes differently.
  using Key = std::tuple<const uint8_t*, uint64_t, at::ScalarType, bool>;

  Numbers numbers_of(const Storage& storage);
  Numbers view_of(const Storage& storage);
  Numbers copy_of(const Storage& storage);

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<const void> texts_;
  std::mutex mutex_;
  std::map<Key, std::weak_ptr<uint8_t>> copies_;
  std::set<const uint8_t*> checked_;  // storages whose checksum was right
};

}  // namespace toonmirror::checkpoint
