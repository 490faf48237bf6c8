#include "checkpoint/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/output_file.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint64_t kHeaderLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation

struct TypeName {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<TypeName, 9> kTypes = {{{"F64", at::kDouble},
                                             {"F32", at::kFloat},
                                             {"F16", at::kHalf},
                                             {"BF16", at::kBFloat16},
                                             {"I64", at::kLong},
                                             {"I32", at::kInt},
                                             {"I16", at::kShort},
                                             {"I8", at::kChar},
                                             {"U8", at::kByte}}};

at::ScalarType type_from_name(const std::string& name) {
  if (name == "BOOL") return at::kBool;
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw Error("unknown tensor type " + name);
}

// The number of bytes a tensor needs, or an Error when it does not fit 63 bits or a dimension is negative.
uint64_t checked_byte_count(const TensorInfo& info) {
  uint64_t bytes = c10::elementSize(info.dtype);
  for (const int64_t size : info.shape) {
    if (size < 0) throw Error("negative dimension");
    if (size != 0 &&
        bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / static_cast<uint64_t>(size)) {
      throw Error("shape overflows");
    }
    bytes *= static_cast<uint64_t>(size);
  }
  return bytes;
}

std::string describe_content(std::string_view head) {
  if (head.starts_with("PK\x03\x04")) return "it is a zip archive, probably a PyTorch checkpoint";
  if (head.starts_with("\x80")) return "it is a Python pickle, probably a PyTorch or TensorFlow checkpoint";
  if (head.starts_with("version https://git-lfs")) return "it is a Git-LFS pointer, not the file itself";
  if (head.starts_with("<!") || head.starts_with("<html")) return "it is an HTML page, a failed download";
  return "its header is damaged or it is another kind of file";
}

}  // namespace

struct SafetensorsFile::Mapping {
  void* address = MAP_FAILED;
  uint64_t size = 0;

  explicit Mapping(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw Error(path.string() + ": cannot be opened: " + std::strerror(errno));
    struct stat status {};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    size = regular ? static_cast<uint64_t>(status.st_size) : 0;
    if (size >= kHeaderLengthBytes) {
      // Private and writable: tensors may be changed in memory, the file never is.
      address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    }
    ::close(file);
    if (!regular) throw Error(path.string() + ": is not a file");
    if (size == 0) throw Error(path.string() + ": is empty", "download or copy it again");
    if (size < kHeaderLengthBytes) throw Error(path.string() + ": is too short to be a safetensors file");
    if (address == MAP_FAILED) throw Error(path.string() + ": cannot be mapped: " + std::strerror(errno));
  }
  ~Mapping() {
    if (address != MAP_FAILED) ::munmap(address, size);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  char* bytes() const { return static_cast<char*>(address); }
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), mapping_(std::make_shared<Mapping>(path)) {
  uint64_t header_length = 0;
  std::memcpy(&header_length, mapping_->bytes(), kHeaderLengthBytes);
  const uint64_t available = mapping_->size - kHeaderLengthBytes;
  if (header_length > available || header_length > kMaxHeaderBytes || header_length < 2 ||
      mapping_->bytes()[kHeaderLengthBytes] != '{') {
    const std::string_view head(mapping_->bytes(), std::min<uint64_t>(mapping_->size, 64));
    throw Error(path_.string() + ": is not a safetensors file: " + describe_content(head));
  }
  data_begin_ = kHeaderLengthBytes + header_length;
  try {
    read_header(std::string(mapping_->bytes() + kHeaderLengthBytes, header_length));
  } catch (const Error& error) {
    throw Error(path_.string() + ": damaged safetensors header: " + error.what(),
                "download or copy it again");
  } catch (const nlohmann::json::exception&) {
    throw Error(path_.string() + ": damaged safetensors header: not valid JSON", "download or copy it again");
  }
}

void SafetensorsFile::read_header(const std::string& json) {
  std::set<std::string> seen;
  const auto refuse_surprises = [&seen](int depth, nlohmann::json::parse_event_t event,
                                        nlohmann::json& value) {
    if (depth > 3) throw Error("nested too deeply");
    if (event == nlohmann::json::parse_event_t::key && depth == 1 &&
        !seen.insert(value.get<std::string>()).second) {
      throw Error("the name " + value.get<std::string>() + " occurs twice");
    }
    return true;
  };
  const nlohmann::json header = nlohmann::json::parse(json, refuse_surprises);
  const uint64_t data_size = mapping_->size - data_begin_;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      metadata_ = entry.get<Metadata>();
      continue;
    }
    TensorInfo info;
    try {
      info.dtype = type_from_name(entry.at("dtype").get<std::string>());
      for (const auto& size : entry.at("shape")) {
        if (!size.is_number_integer()) throw Error("dimension that is not a whole number");
        info.shape.push_back(size.get<int64_t>());
      }
      const auto& offsets = entry.at("data_offsets");
      if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
        throw Error("offsets that are not two whole numbers");
      }
      info.begin = offsets[0].get<uint64_t>();
      info.end = offsets[1].get<uint64_t>();
      if (info.begin > info.end || info.end > data_size) throw Error("data beyond the end of the file");
      if (checked_byte_count(info) != info.end - info.begin)
        throw Error("size that does not match its shape");
    } catch (const Error& error) {
      throw Error("tensor " + name + " has a " + error.what());
    }
    tensors_.emplace(name, std::move(info));
  }
  std::vector<std::pair<uint64_t, uint64_t>> spans;
  for (const auto& [name, info] : tensors_) spans.emplace_back(info.begin, info.end);
  std::sort(spans.begin(), spans.end());
  uint64_t expected = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != expected) throw Error("tensors overlap or leave a gap");
    expected = end;
  }
  if (expected != data_size) throw Error("bytes that belong to no tensor");
}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(path_.string() + ": has no tensor named " + name);
  const TensorInfo& info = found->second;
  char* data = mapping_->bytes() + data_begin_ + info.begin;
  const auto options = at::TensorOptions().dtype(info.dtype);
  // The format does not promise alignment, LibTorch's kernels want it.
  const bool aligned = reinterpret_cast<uintptr_t>(data) % c10::elementSize(info.dtype) == 0;
  auto view = at::from_blob(
      data, info.shape, [keep = mapping_](void*) {}, options);
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

std::string safetensors_type_name(at::ScalarType type) {
  if (type == at::kBool) return "BOOL";
  for (const TypeName& entry : kTypes) {
    if (type == entry.type) return entry.name;
  }
  throw Error(std::string("safetensors files cannot hold the type ") + c10::toString(type));
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
