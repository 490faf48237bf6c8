#include "checkpoint/tensor_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace toonmirror::checkpoint {
namespace {

constexpr auto kLimit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

// a · b, both at most kLimit; throws when the product is not.
uint64_t checked_product(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > kLimit) throw Error("shape overflows");
  return product;
}

}  // namespace

uint64_t checked_count(std::span<const int64_t> shape) {
  uint64_t count = 1;
  // Sizes of zero come last: [2^40, 2^40, 0] overflows in LibTorch's own strides.
  for (const int64_t size : shape) {
    if (size < 0) throw Error("negative dimension");
    count = checked_product(count, static_cast<uint64_t>(std::max<int64_t>(size, 1)));
  }
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? count : 0;
}

uint64_t checked_bytes(uint64_t count, at::ScalarType dtype) {
  return checked_product(count, c10::elementSize(dtype));
}

std::vector<int64_t> dense_strides(std::span<const int64_t> shape, bool fortran) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t dimension = fortran ? i : shape.size() - 1 - i;
    strides[dimension] = stride;
    stride *= std::max<int64_t>(shape[dimension], 1);
  }
  return strides;
}

void check_view(const TensorView& view) {
  if (view.shape.size() != view.strides.size()) throw Error("different numbers of sizes and strides");
  if (view.shape.size() > kMaxDimensions) throw Error(fmt::format("{} dimensions", view.shape.size()));
  const uint64_t count = checked_count(view.shape);
  checked_bytes(count, view.storage->dtype);
  uint64_t last = view.offset;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    if (view.strides[i] < 0) throw Error("negative stride");
    if (count == 0) continue;
    const uint64_t reach =
        checked_product(static_cast<uint64_t>(view.shape[i] - 1), static_cast<uint64_t>(view.strides[i]));
    last += reach;  // both below 2^63
    if (last > kLimit) throw Error("strides that overflow");
  }
  if (count > 0 && last >= view.storage->count) {
    throw Error(fmt::format("numbers up to {} in a storage of {}", last, view.storage->count));
  }
}

}  // namespace toonmirror::checkpoint
