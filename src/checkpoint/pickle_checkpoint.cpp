#include "checkpoint/pickle_checkpoint.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/torch_legacy.h"
#include "checkpoint/torch_tensors.h"
#include "checkpoint/torch_zip.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint8_t kProtocolMark = 0x80;
constexpr std::string_view kZipMark = "PK\x03\x04";
constexpr std::string_view kOldBeginnings = "(cdl]}";  // of protocols 0 and 1, which have no mark

// Tensors that repeat numbers by a stride of 0, or share them, could claim to be of any size; expanded
// averages and tied weights are small.
constexpr uint64_t kFreeTensorBytes = 64 << 20;
constexpr uint64_t kMaxTimesFile = 4;

using Kind = PickleCheckpoint::Kind;
using Bytes = std::span<const uint8_t>;

StoragePointer storage_from_bytes(Bytes bytes, ValueArena& arena) {
  const Value* root = read_torch_legacy(bytes, arena);
  const auto* storage = root->get_if<StoragePointer>();
  if (storage == nullptr) throw Error("has a nested file that is not a storage: refused");
  return *storage;
}

// What a pickle by itself refers to: of a checkpoint somebody unpacked, the numbers; else nothing that anybody needs.
StoragePointer refuse_reference(const Value& id) {
  bool storage = true;
  try {
    parse_storage_id(id, kZipIdParts);
  } catch (const Error&) {
    storage = false;
  }
  if (!storage) throw Error("refers to something outside of its pickle: refused");
  throw Error(
      "is the data.pkl out of a PyTorch checkpoint that was unpacked: its numbers are in the files beside it",
      "use the .pt file itself, or pack its folder again: zip -0 -r FOLDER.pt FOLDER");
}

// The value of a pickle that no archive is around, or of the legacy checkpoint that begins like one.
Value* read_plain(Bytes file, ValueArena& arena, Kind& kind, const std::function<void(Bytes)>& passed) {
  PickleHooks hooks;
  hooks.passed = passed;
  hooks.persistent = refuse_reference;
  hooks.storage_from_bytes = [&arena](Bytes bytes) { return storage_from_bytes(bytes, arena); };
  ByteReader reader(file);
  Value* first = read_pickle(reader, arena, hooks);
  if (first->is<BigInteger>() && !is_torch_legacy(*first)) {
    throw Error("begins with a number, as old PyTorch checkpoints do, but not with theirs", kIncompleteHint);
  }
  if (!is_torch_legacy(*first)) return first;
  kind = Kind::kTorchLegacy;
  return read_torch_legacy(file, arena);
}

void check_sizes(const FlatCheckpoint& content, uint64_t file_size) {
  uint64_t left = kFreeTensorBytes + kMaxTimesFile * file_size;
  for (const auto& [name, tensor] : content.tensors) {
    const uint64_t bytes = checked_bytes(checked_count(tensor->shape), tensor->storage->dtype);
    if (bytes > left) throw Error("has tensors far larger than the file, such as " + printable(name));
    left -= bytes;
  }
}

}  // namespace

bool looks_like_pickle(Bytes file) {
  if (file.size() < 2) return false;
  if (file[0] == kProtocolMark) return true;
  return kOldBeginnings.find(static_cast<char>(file.front())) != std::string_view::npos && file.back() == '.';
}

PickleCheckpoint read_pickle_checkpoint(Bytes file, const std::function<void(Bytes)>& passed) {
  ValueArena arena(file.size());
  PickleCheckpoint result;
  result.kind = Kind::kAda;
  const Value* root = nullptr;
  if (file.size() >= kZipMark.size() && std::ranges::equal(file.first(kZipMark.size()), kZipMark)) {
    result.kind = Kind::kTorchZip;
    root = read_torch_zip(file, arena);
  } else {
    root = read_plain(file, arena, result.kind, passed);
  }
  result.content = flatten(*root, file.size());
  result.texts = arena.texts();
  const FlatCheckpoint& content = result.content;
  if (content.tensors.empty())
    throw Error("is a pickle that holds no tensors", "a file of weights is needed");
  if (result.kind == Kind::kAda) {
    if (content.has_tensorflow_network) {
      result.kind = Kind::kTensorFlow;
    } else if (!content.has_module && !content.has_torch_tensor) {
      throw Error("is a Python pickle, but not of a network of PyTorch or TensorFlow");
    }
  }
  check_sizes(content, file.size());
  return result;
}

}  // namespace toonmirror::checkpoint
