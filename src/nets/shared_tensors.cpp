#include "nets/shared_tensors.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/model_keys.h"
#include "checkpoint/zip_archive.h"

namespace toonmirror::nets {
namespace {

// Of names and bytes, as text.
std::string checksum_of(const checkpoint::NamedTensors& tensors) {
  nlohmann::json sums = nlohmann::json::array();
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor bytes = tensor.contiguous();
    sums.push_back(
        {name, checkpoint::crc32_of({static_cast<const uint8_t*>(bytes.data_ptr()), bytes.nbytes()})});
  }
  const std::string text = sums.dump();
  return std::to_string(checkpoint::crc32_of({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

}  // namespace

const std::string* find_metadata(const checkpoint::CheckpointFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? nullptr : &found->second;
}

checkpoint::NamedTensors all_tensors(const checkpoint::CheckpointFile& file) {
  checkpoint::NamedTensors result;
  for (const auto& [name, entry] : file.tensors()) result[name] = file.tensor(name);
  return result;
}

checkpoint::NamedTensors shared_tensors(const checkpoint::CheckpointFile& file,
                                        const std::function<bool(const std::string&)>& wanted) {
  const std::string* parent_name = find_metadata(file, kParentKey);
  if (parent_name == nullptr) return {};
  const std::filesystem::path name = *parent_name;
  const std::string where = file.path().string() + ": ";
  if (name.empty() || name != name.filename()) {
    throw Error(where + "names no plain file as its parent: " + *parent_name);
  }
  const std::filesystem::path path = file.path().parent_path() / name;
  if (!std::filesystem::is_regular_file(path)) {
    throw Error(where + "goes with " + *parent_name + ", which is not beside it",
                "keep both files in one folder");
  }
  const checkpoint::CheckpointFile parent(path);
  checkpoint::NamedTensors shared;
  for (const auto& [tensor_name, entry] : parent.tensors()) {
    if (file.tensors().contains(tensor_name) || !wanted(tensor_name)) continue;
    shared[tensor_name] = parent.tensor(tensor_name);
  }
  const std::string* checksum = find_metadata(file, kParentChecksumKey);
  if (checksum == nullptr || *checksum != checksum_of(shared)) {
    throw Error(where + "belongs to another " + *parent_name + " than the one beside it",
                "take both files from one download");
  }
  return shared;
}

void leave_out_shared(const checkpoint::CheckpointFile& parent, checkpoint::NamedTensors& tensors,
                      checkpoint::Metadata& metadata) {
  checkpoint::NamedTensors shared;
  for (const auto& [name, entry] : parent.tensors()) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) continue;
    const at::Tensor tensor = parent.tensor(name);
    if (!at::equal(found->second, tensor.to(at::kHalf))) continue;
    shared[name] = tensor;
    tensors.erase(found);
  }
  metadata[kParentKey] = parent.path().filename().string();
  metadata[kParentChecksumKey] = checksum_of(shared);
}

}  // namespace toonmirror::nets
