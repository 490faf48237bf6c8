#include "checkpoint/torch_legacy.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/error.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/torch_tensors.h"

namespace toonmirror::checkpoint {
namespace {

constexpr std::array<uint8_t, 10> kMagic = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
constexpr int64_t kProtocol = 1001;

// Storages by key; what they hold is known only when the object has been read.
using Storages = std::map<std::string, std::shared_ptr<Storage>, std::less<>>;

StoragePointer refer_to_storage(const Value& id, Storages& storages) {
  const StorageId parsed = parse_storage_id(id, kLegacyIdParts);
  if (!items_of(id, "a reference")[5]->is<None>()) {
    throw Error("has storages within storages, as PyTorch before 0.4 wrote: not supported",
                "load and save it with a later PyTorch");
  }
  std::shared_ptr<Storage>& storage = storages[std::string(parsed.key)];
  if (storage == nullptr) {
    storage = std::make_shared<Storage>();
    storage->dtype = parsed.dtype;
    storage->count = parsed.count;
  } else if (storage->dtype != parsed.dtype || storage->count != parsed.count) {
    throw Error("describes storage " + printable(parsed.key) + " in two ways");
  }
  return storage;
}

void require_little_endian(const Value& machine) {
  const auto* dict = machine.get_if<Dict>();
  if (dict == nullptr) throw Error("does not say what machine it is from", kIncompleteHint);
  for (const auto& [key, value] : dict->entries) {
    const auto* name = key->get_if<Text>();
    const auto* truth = value->get_if<bool>();
    if (name != nullptr && name->bytes == "little_endian" && truth != nullptr && !*truth) {
      throw Error("is from a machine with another order of bytes: not supported");
    }
  }
}

void read_storage(ByteReader& reader, std::string_view key, Storages& storages) {
  const auto found = storages.find(key);
  if (found == storages.end() || found->second->blob) {
    throw Error("has storage " + printable(key) + " twice or for nothing", kIncompleteHint);
  }
  Storage& storage = *found->second;
  const auto count = reader.number<uint64_t>("a storage's length");
  if (count != storage.count) {
    throw Error(fmt::format("says that storage {} has {} numbers, and then {}", printable(key), storage.count,
                            static_cast<int64_t>(count)),
                kIncompleteHint);
  }
  storage.blob = plain_blob(reader.take(checked_bytes(count, storage.dtype), "a storage"));
}

}  // namespace

bool is_torch_legacy(const Value& first) {
  const auto* number = first.get_if<BigInteger>();
  return number != nullptr && std::ranges::equal(number->bytes, kMagic);
}

Value* read_torch_legacy(std::span<const uint8_t> file, ValueArena& arena) {
  ByteReader reader(file);
  const PickleHooks plain;
  if (!is_torch_legacy(*read_pickle(reader, arena, plain))) {
    throw Error("lacks the number that a PyTorch checkpoint begins with", kIncompleteHint);
  }
  const int64_t protocol = integer_of(*read_pickle(reader, arena, plain), "a protocol");
  if (protocol != kProtocol) {
    throw Error(
        fmt::format("is a PyTorch checkpoint of protocol {} where only {} exists", protocol, kProtocol));
  }
  require_little_endian(*read_pickle(reader, arena, plain));

  Storages storages;
  PickleHooks hooks;
  hooks.persistent = [&storages](const Value& id) { return refer_to_storage(id, storages); };
  Value* root = read_pickle(reader, arena, hooks);
  const Value* keys = read_pickle(reader, arena, plain);
  for (const Value* key : items_of(*keys, "a list of storages")) {
    read_storage(reader, text_of(*key, "a storage's key"), storages);
  }
  for (const auto& [key, storage] : storages) {
    if (!storage->blob) throw Error("lacks storage " + printable(key), kIncompleteHint);
  }
  return root;
}

}  // namespace toonmirror::checkpoint
