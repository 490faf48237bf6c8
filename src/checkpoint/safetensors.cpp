#include "checkpoint/safetensors.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/output_file.h"
#include "checkpoint/mapped_file.h"
#include "checkpoint/safetensors_header.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint64_t kHeaderLengthBytes = 8;

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(std::make_shared<MappedFile>(path)) {
  try {
    SafetensorsHeader header = read_safetensors_header(file_->bytes());
    metadata_ = std::move(header.metadata);
    tensors_ = std::move(header.tensors);
    data_begin_ = header.data_begin;
  } catch (const Error& error) {
    throw Error(path_.string() + ": " + error.what(), error.hint());
  }
}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(path_.string() + ": has no tensor named " + name);
  const TensorInfo& info = found->second;
  uint8_t* data = file_->bytes().data() + data_begin_ + info.begin;
  const auto options = at::TensorOptions().dtype(info.dtype);
  // The format does not promise alignment, LibTorch's kernels want it.
  const bool aligned = reinterpret_cast<uintptr_t>(data) % c10::elementSize(info.dtype) == 0;
  auto view = at::from_blob(
      data, info.shape, [keep = file_](void*) {}, options);
  return aligned ? view : view.clone();
}

NamedTensors SafetensorsFile::all() const {
  NamedTensors result;
  for (const auto& [name, info] : tensors_) result.emplace(name, tensor(name));
  return result;
}

const std::string& SafetensorsFile::required_metadata(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) {
    throw Error(path_.string() + ": was not written by Toonmirror (no " + key + " in its metadata)",
                "use a model from models/ or one written by 'toonmirror train'");
  }
  return found->second;
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const Metadata& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    header[name] = {{"dtype", safetensors_type_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + tensor.nbytes()}}};
    offset += tensor.nbytes();
  }
  std::string json = header.is_null() ? "{}" : header.dump();
  json.resize((json.size() + 7) / 8 * 8, ' ');  // data start aligned to 8 bytes
  const uint64_t header_length = json.size();

  OutputFile output(path);
  std::ofstream file(output.temporary_path(), std::ios::binary);
  file.write(reinterpret_cast<const char*>(&header_length), kHeaderLengthBytes);
  file.write(json.data(), static_cast<std::streamsize>(json.size()));
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    file.write(static_cast<const char*>(plain.data_ptr()), static_cast<std::streamsize>(plain.nbytes()));
  }
  file.close();
  if (!file)
    throw Error(path.string() + ": cannot be written: " + std::strerror(errno), "check the free disk space");
  output.commit();
}

}  // namespace toonmirror::checkpoint
