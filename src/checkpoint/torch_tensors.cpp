#include "checkpoint/torch_tensors.h"

#include <fmt/core.h>

#include "base/error.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

constexpr size_t kLongestKey = 100;  // keys are small numbers, or addresses

}  // namespace

TensorPointer rebuild_tensor(const std::vector<Value*>& arguments) {
  if (arguments.size() < 4) throw Error("has a tensor without its shape");
  const auto* storage = arguments[0]->get_if<StoragePointer>();
  if (storage == nullptr) throw Error("has a tensor without a storage");
  try {
    const int64_t offset = integer_of(*arguments[1], "an offset");
    if (offset < 0) throw Error("negative offset");
    TensorView view;
    view.storage = *storage;
    view.offset = static_cast<uint64_t>(offset);
    view.shape = dimensions_of(*arguments[2], "a shape");
    view.strides = dimensions_of(*arguments[3], "strides");
    check_view(view);
    return std::make_shared<const TensorView>(std::move(view));
  } catch (const Error& error) {
    throw Error(fmt::format("has a tensor that does not fit its storage: {}", error.what()));
  }
}

StorageId parse_storage_id(const Value& id, size_t parts) {
  const std::vector<Value*>& items = items_of(id, "a reference to a storage");
  if (items.size() != parts || text_of(*items[0], "a kind of reference") != "storage") {
    throw Error("refers to something that is not a storage: refused");
  }
  const auto* type = items[1]->get_if<const Global*>();
  if (type == nullptr || (*type)->constructor != Constructor::kStorageType) {
    throw Error("refers to a storage without a type of numbers: refused");
  }
  StorageId result;
  result.dtype = (*type)->dtype;
  result.key = text_of(*items[2], "a storage's key");
  if (result.key.size() > kLongestKey) throw Error("refers to a storage by a very long key: refused");
  const int64_t count = integer_of(*items[4], "a storage's length");
  if (count < 0) throw Error(fmt::format("has storage {} of negative length", printable(result.key)));
  result.count = static_cast<uint64_t>(count);
  checked_bytes(result.count, result.dtype);
  return result;
}

}  // namespace toonmirror::checkpoint
