#include "checkpoint/safetensors_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_kind.h"
#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/tensor_view.h"

namespace toonmirror::checkpoint {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr size_t kHeadBytes = 512;
constexpr int kMaxDepth = 3;

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

[[noreturn]] void fail_as_other_kind(std::span<const uint8_t> file) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()), std::min(file.size(), kHeadBytes));
  const FileKind kind = recognise_file(head);
  const bool other = !kind.description.empty() && kind.family != FileFamily::kSafetensors;
  throw Error("is not a safetensors file: " + (other ? "it is " + kind.description
                                                     : "its header is damaged or it is another kind of file"),
              kind.hint);
}

// JSON allows a name twice; whoever reads such a file sees one of the two.
class RefuseSurprises {
 public:
  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxDepth) throw Error("nested too deeply");
    if (event == json::parse_event_t::object_start && depth < kMaxDepth) names_[depth].clear();
    if (event == json::parse_event_t::key && !names_[depth - 1].insert(value.get<std::string>()).second) {
      throw Error("the name " + printable(value.get<std::string>()) + " occurs twice");
    }
    return true;
  }

 private:
  std::set<std::string> names_[kMaxDepth];
};

TensorInfo read_info(const json& entry, uint64_t data_size) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets") || !entry["dtype"].is_string() || !entry["shape"].is_array()) {
    throw Error("type, shape or offsets are missing");
  }
  TensorInfo info;
  info.dtype = safetensors_type(entry["dtype"].get<std::string>());
  for (const json& size : entry["shape"]) {
    if (!size.is_number_integer()) throw Error("a dimension is not a whole number");
    info.shape.push_back(size.get<int64_t>());
  }
  const json& offsets = entry["data_offsets"];
  if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
    throw Error("its offsets are not two whole numbers");
  }
  info.begin = offsets[0].get<uint64_t>();
  info.end = offsets[1].get<uint64_t>();
  if (info.begin > info.end || info.end > data_size) throw Error("its data lie beyond the end of the file");
  if (checked_bytes(checked_count(info.shape), info.dtype) != info.end - info.begin) {
    throw Error("its size does not match its shape");
  }
  return info;
}

void require_no_gaps(const std::map<std::string, TensorInfo>& tensors, uint64_t data_size) {
  std::vector<std::pair<uint64_t, uint64_t>> spans;
  for (const auto& [name, info] : tensors) spans.emplace_back(info.begin, info.end);
  std::sort(spans.begin(), spans.end());
  uint64_t expected = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != expected) throw Error("tensors overlap or leave a gap");
    expected = end;
  }
  if (expected != data_size) throw Error("bytes that belong to no tensor");
}

SafetensorsHeader parse(const std::string& text, uint64_t data_size) {
  // Copied, so that the names persist over the copies that the parser makes of its callback.
  const auto surprises = std::make_shared<RefuseSurprises>();
  const json header = json::parse(text, [surprises](int depth, json::parse_event_t event, json& value) {
    return (*surprises)(depth, event, value);
  });
  SafetensorsHeader result;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      try {
        result.tensors.emplace(name, read_info(entry, data_size));
      } catch (const Error& error) {
        throw Error("tensor " + printable(name) + ": " + error.what());
      }
      continue;
    }
    const bool texts = entry.is_object() && std::all_of(entry.begin(), entry.end(),
                                                        [](const json& value) { return value.is_string(); });
    if (!texts) throw Error("metadata that are not texts");
    result.metadata = entry.get<Metadata>();
  }
  require_no_gaps(result.tensors, data_size);
  return result;
}

}  // namespace

at::ScalarType safetensors_type(const std::string& name) {
  if (name == "BOOL") return at::kBool;
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw Error("unknown tensor type " + printable(name));
}

std::string safetensors_type_name(at::ScalarType type) {
  if (type == at::kBool) return "BOOL";
  for (const TypeName& entry : kTypes) {
    if (type == entry.type) return entry.name;
  }
  throw Error(std::string("safetensors files cannot hold the type ") + c10::toString(type));
}

SafetensorsHeader read_safetensors_header(std::span<const uint8_t> file) {
  if (file.size() < kLengthBytes) throw Error("is too short to be a safetensors file", kIncompleteHint);
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  const uint64_t available = file.size() - kLengthBytes;
  if (length < 2 || length > kMaxHeaderBytes || available < 2 || file[kLengthBytes] != '{')
    fail_as_other_kind(file);
  if (length > available) {
    throw Error(fmt::format("is cut off: {} bytes of safetensors header, {} are left", length, available),
                kIncompleteHint);
  }
  try {
    const auto* text = reinterpret_cast<const char*>(file.data()) + kLengthBytes;
    SafetensorsHeader header = parse(std::string(text, length), available - length);
    header.data_begin = kLengthBytes + length;
    return header;
  } catch (const Error& error) {
    throw Error(std::string("damaged safetensors header: ") + error.what(), kIncompleteHint);
  } catch (const json::exception&) {
    throw Error("damaged safetensors header: not valid JSON", kIncompleteHint);
  }
}

}  // namespace toonmirror::checkpoint
