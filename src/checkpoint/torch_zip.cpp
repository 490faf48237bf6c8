#include "checkpoint/torch_zip.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/torch_tensors.h"
#include "checkpoint/zip_archive.h"

namespace toonmirror::checkpoint {
namespace {

constexpr std::string_view kPickle = "/data.pkl";

using Records = std::map<std::string, ZipRecord, std::less<>>;

// The one folder that everything is in, with the slash behind it.
std::string find_folder(const Records& records) {
  std::string folder;
  for (const auto& [name, record] : records) {
    if (name.find("/code/") != std::string::npos) {
      throw Error("is a TorchScript program, not a checkpoint", "export the state_dict of the model instead");
    }
    if (!name.ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
    if (!folder.empty()) throw Error("is a zip archive with several checkpoints");
    folder = name.substr(0, name.size() - kPickle.size() + 1);
  }
  if (folder.empty()) {
    const auto packed = std::ranges::find_if(records, [](const auto& r) { return is_packed_model(r.first); });
    if (packed != records.end()) refuse_packed_model(packed->first);
    throw Error("is a zip archive, but no PyTorch checkpoint: it has no data.pkl",
                "if a checkpoint was packed into it, unpack it first");
  }
  return folder;
}

StoragePointer find_storage(const StorageId& id, const std::string& folder, const Records& records) {
  const auto record = records.find(folder + "data/" + std::string(id.key));
  if (record == records.end()) throw Error("lacks storage " + printable(id.key), kIncompleteHint);
  const uint64_t expected = checked_bytes(id.count, id.dtype);
  if (record->second.bytes.size() != expected) {
    throw Error(fmt::format("has {} bytes in storage {} where {} are declared", record->second.bytes.size(),
                            printable(id.key), expected),
                kIncompleteHint);
  }
  auto storage = std::make_shared<Storage>();
  storage->dtype = id.dtype;
  storage->count = id.count;
  storage->blob = plain_blob(record->second.bytes);
  storage->crc32 = record->second.crc32;
  return storage;
}

}  // namespace

Value* read_torch_zip(std::span<const uint8_t> file, ValueArena& arena) {
  const Records records = read_zip(file);
  const std::string folder = find_folder(records);
  const auto order = records.find(folder + "byteorder");
  if (order != records.end() && !std::ranges::equal(order->second.bytes, std::string_view("little"))) {
    throw Error("is from a machine with another order of bytes: not supported");
  }
  const ZipRecord& pickle = records.at(folder + std::string(kPickle.substr(1)));
  if (crc32_of(pickle.bytes) != pickle.crc32) {
    throw Error("is damaged: the checksum of its data.pkl does not match", kIncompleteHint);
  }
  PickleHooks hooks;
  hooks.persistent = [&](const Value& id) {
    return find_storage(parse_storage_id(id, kZipIdParts), folder, records);
  };
  ByteReader reader(pickle.bytes);
  return read_pickle(reader, arena, hooks);
}

}  // namespace toonmirror::checkpoint
