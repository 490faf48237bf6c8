// Reading and writing .safetensors: a JSON header with names, types, shapes and offsets, then raw
// little-endian data. Format: huggingface/safetensors README, "Format". Nothing in such a file can be
// executed; every length is checked against the file before anything is allocated.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/safetensors_header.h"

namespace toonmirror::checkpoint {

class MappedFile;

using NamedTensors = std::map<std::string, at::Tensor>;

// An open file. Memory-mapped: a tensor's bytes are read from disk when they are first touched. Tensors stay
// valid after the file object is gone; writing to one changes the copy in memory, never the file.
class SafetensorsFile {
 public:
  // Throws Error when the file is missing, is not a safetensors file (it says what it looks like) or
  // contradicts itself: overlapping or missing bytes, shapes that do not match sizes, duplicate names,
  // unknown types.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::map<std::string, TensorInfo>& tensors() const { return tensors_; }
  bool contains(const std::string& name) const { return tensors_.contains(name); }

  // The tensor of that name, a view of the file. Throws Error naming file and tensor when there is none.
  at::Tensor tensor(const std::string& name) const;
  NamedTensors all() const;

  // The value of a metadata key; throws Error naming file and key when it is absent.
  const std::string& required_metadata(const std::string& key) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<MappedFile> file_;
  uint64_t data_begin_ = 0;
  Metadata metadata_;
  std::map<std::string, TensorInfo> tensors_;
};

// Writes tensors (any strides, CPU or not) and metadata through a temporary file that is renamed when
// complete. Throws Error when the target cannot be written.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const Metadata& metadata);

}  // namespace toonmirror::checkpoint
