#include "checkpoint/checkpoint_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file_kind.h"
#include "checkpoint/mapped_file.h"
#include "checkpoint/pickle_checkpoint.h"
#include "checkpoint/safetensors_header.h"
#include "checkpoint/tensor_loader.h"

namespace toonmirror::checkpoint {
namespace {

constexpr size_t kHeadBytes = 512;
constexpr const char* kModelFilesHint = "models are .safetensors, .pkl, .pt or .pth files";
constexpr const char* kDistrustHint = "it is damaged, or made to do harm: get it from a source you trust";

using Bytes = std::span<const uint8_t>;

Format format_of(PickleCheckpoint::Kind kind) {
  switch (kind) {
    case PickleCheckpoint::Kind::kTensorFlow:
      return Format::kTensorFlowPickle;
    case PickleCheckpoint::Kind::kAda:
      return Format::kAdaPickle;
    case PickleCheckpoint::Kind::kTorchZip:
      return Format::kTorchZip;
    case PickleCheckpoint::Kind::kTorchLegacy:
      return Format::kTorchLegacy;
  }
  return Format::kTorchZip;
}

TensorPointer view_of(const TensorInfo& info, Bytes data) {
  Storage storage;
  storage.dtype = info.dtype;
  storage.count = checked_count(info.shape);
  storage.blob = plain_blob(data.subspan(info.begin, info.end - info.begin));
  TensorView view;
  view.storage = std::make_shared<const Storage>(std::move(storage));
  view.shape = info.shape;
  view.strides = dense_strides(info.shape);
  return std::make_shared<const TensorView>(std::move(view));
}

}  // namespace

struct CheckpointFile::Contents {
  std::filesystem::path path;
  Format format = Format::kSafetensors;
  Metadata metadata;
  nlohmann::json settings = nlohmann::json::object();
  std::map<std::string, TensorPointer> views;
  std::map<std::string, TensorEntry> entries;
  std::unique_ptr<TensorLoader> loader;

  void read(const std::shared_ptr<const MappedFile>& file) {
    const Bytes bytes = file->bytes();
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                                std::min(bytes.size(), kHeadBytes));
    const FileKind kind = recognise_file(head);
    const bool may_be_old_pickle = kind.family == FileFamily::kUnknown || kind.family == FileFamily::kText;
    std::shared_ptr<const void> texts;
    if (kind.family == FileFamily::kSafetensors) {
      read_safetensors(bytes);
    } else if (kind.family == FileFamily::kZip || kind.family == FileFamily::kPickle ||
               (may_be_old_pickle && looks_like_pickle(bytes))) {
      PickleCheckpoint checkpoint =
          read_pickle_checkpoint(bytes, [&file](Bytes passed) { file->forget(passed); });
      format = format_of(checkpoint.kind);
      views = std::move(checkpoint.content.tensors);
      settings = std::move(checkpoint.content.settings);
      texts = std::move(checkpoint.texts);
    } else {
      throw Error(kind.description.empty() ? "is not a model file of any known format"
                                           : "is " + kind.description + ", not a model file",
                  kind.hint.empty() ? kModelFilesHint : kind.hint);
    }
    for (const auto& [name, view] : views) entries[name] = {view->storage->dtype, view->shape};
    loader = std::make_unique<TensorLoader>(file, std::move(texts));
  }

  void read_safetensors(Bytes bytes) {
    SafetensorsHeader header = read_safetensors_header(bytes);
    metadata = std::move(header.metadata);
    const Bytes data = bytes.subspan(header.data_begin);
    for (const auto& [name, info] : header.tensors) views.emplace(name, view_of(info, data));
  }
};

std::string format_name(Format format) {
  switch (format) {
    case Format::kSafetensors:
      return "safetensors";
    case Format::kTensorFlowPickle:
      return "TensorFlow StyleGAN2 pickle";
    case Format::kAdaPickle:
      return "stylegan2-ada-pytorch pickle";
    case Format::kTorchZip:
      return "PyTorch checkpoint (zip)";
    case Format::kTorchLegacy:
      return "PyTorch checkpoint (before 1.6)";
  }
  return "unknown";
}

CheckpointFile::CheckpointFile(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  auto contents = std::make_shared<Contents>();
  contents->path = path;
  try {
    contents->read(file);
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what(), error.hint().empty() ? kDistrustHint : error.hint());
  }
  contents_ = std::move(contents);
}

Format CheckpointFile::format() const { return contents_->format; }
const std::filesystem::path& CheckpointFile::path() const { return contents_->path; }
const Metadata& CheckpointFile::metadata() const { return contents_->metadata; }
const std::map<std::string, TensorEntry>& CheckpointFile::tensors() const { return contents_->entries; }
const nlohmann::json& CheckpointFile::settings() const { return contents_->settings; }

at::Tensor CheckpointFile::tensor(const std::string& name) const {
  const auto found = contents_->views.find(name);
  if (found == contents_->views.end()) throw Error(path().string() + ": has no tensor named " + name);
  try {
    return contents_->loader->load(*found->second);
  } catch (const Error& error) {
    throw Error(path().string() + ": tensor " + name + ": " + error.what(), error.hint());
  }
}

}  // namespace toonmirror::checkpoint
