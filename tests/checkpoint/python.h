// Writes what Python and PyTorch write, and every variety of wrong.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace toonmirror::testing {

using namespace std::string_literals;

template <typename T>
std::string little_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

inline std::span<const uint8_t> bytes_in(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Parts of a pickle: each leaves one value on the stack.

inline std::string py_int(int64_t value) { return "\x8a\x08" + little_endian(value); }
inline std::string py_text(const std::string& text) {
  return "X" + little_endian(static_cast<uint32_t>(text.size())) + text;
}
inline std::string py_bytes(const std::string& bytes) {
  return "B" + little_endian(static_cast<uint32_t>(bytes.size())) + bytes;
}
inline const std::string kNone = "N";
inline const std::string kTrue = "\x88";
inline const std::string kFalse = "\x89";

inline std::string concatenated(const std::vector<std::string>& items) {
  std::string result;
  for (const std::string& item : items) result += item;
  return result;
}
inline std::string py_tuple(const std::vector<std::string>& items) { return "(" + concatenated(items) + "t"; }
inline std::string py_list(const std::vector<std::string>& items) { return "](" + concatenated(items) + "e"; }
inline std::string py_sizes(const std::vector<int64_t>& sizes) {
  std::vector<std::string> items;
  for (const int64_t size : sizes) items.push_back(py_int(size));
  return py_tuple(items);
}
inline std::string py_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string result = "}(";
  for (const auto& [key, value] : entries) result += py_text(key) + value;
  return result + "u";
}
inline std::string py_global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string py_call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + py_tuple(arguments) + "R";
}
inline std::string py_object(const std::string& type, const std::string& state) {
  return type + ")\x81" + state + "b";
}

// A whole pickle.
inline std::string pickled(const std::string& value) { return "\x80\x02" + value + "."; }

// numpy

inline std::string py_numpy_type(const std::string& code, const std::string& order = "<") {
  return py_call(py_global("numpy", "dtype"), {py_text(code), py_int(0), py_int(1)}) +
         py_tuple({py_int(3), py_text(order), kNone, kNone, kNone, py_int(-1), py_int(-1), py_int(0)}) + "b";
}
// `bytes`: a pickled value.
inline std::string py_array(const std::string& type, const std::vector<int64_t>& shape,
                            const std::string& bytes, bool fortran = false) {
  return py_call(py_global("numpy.core.multiarray", "_reconstruct"),
                 {py_global("numpy", "ndarray"), py_sizes({0}), py_bytes("b")}) +
         py_tuple({py_int(1), py_sizes(shape), type, fortran ? kTrue : kFalse, bytes}) + "b";
}
inline std::string py_floats(const std::vector<int64_t>& shape, const std::vector<float>& numbers) {
  return py_array(py_numpy_type("f4"), shape, py_bytes(bytes_of(numbers)));
}

// TensorFlow's StyleGAN2

inline std::string py_network(const std::vector<std::pair<std::string, std::string>>& variables,
                              const std::string& components = "}") {
  std::vector<std::string> pairs;
  for (const auto& [name, value] : variables) pairs.push_back(py_tuple({py_text(name), value}));
  return py_object(py_global("dnnlib.tflib.network", "Network"),
                   py_dict({{"version", py_int(4)},
                            {"static_kwargs", py_dict({{"resolution", py_int(8)}})},
                            {"components", components},
                            {"build_module_src", py_text("raise RuntimeError()")},
                            {"variables", py_list(pairs)}}));
}

// PyTorch

struct StorageOptions {
  std::string type = "FloatStorage";
  std::string key = "0";
  std::string location = "cpu";
  int64_t count = 4;
  bool legacy = false;
};
inline std::string py_storage(const StorageOptions& options) {
  std::vector<std::string> id = {py_text("storage"), py_global("torch", options.type), py_text(options.key),
                                 py_text(options.location), py_int(options.count)};
  if (options.legacy) id.push_back(kNone);
  return py_tuple(id) + "Q";
}
// `storage`: a pickled value.
inline std::string py_tensor(const std::string& storage, int64_t offset, const std::vector<int64_t>& sizes,
                             const std::vector<int64_t>& strides) {
  return py_call(py_global("torch._utils", "_rebuild_tensor_v2"),
                 {storage, py_int(offset), py_sizes(sizes), py_sizes(strides), kFalse,
                  py_call(py_global("collections", "OrderedDict"), {})});
}

struct LegacyStorage {
  std::string key;
  int64_t count = 0;
  std::string bytes;
};
inline const std::string kLegacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
inline std::string legacy_file(const std::string& root, const std::vector<LegacyStorage>& storages) {
  std::string file =
      kLegacyMagic + pickled(py_int(1001)) + pickled(py_dict({{"little_endian", kTrue}})) + pickled(root);
  std::vector<std::string> keys;
  for (const LegacyStorage& storage : storages) keys.push_back(py_text(storage.key));
  file += pickled(py_list(keys));
  for (const LegacyStorage& storage : storages) file += little_endian(storage.count) + storage.bytes;
  return file;
}

// A zip archive of uncompressed records.
struct ZipMember {
  std::string name = {};
  std::string content = {};
  uint16_t method = 0;
  uint16_t flags = 0;
  uint32_t crc_error = 0;
  bool zip64 = false;  // sizes and offset in the extra field
};
inline std::string zip_file(const std::vector<ZipMember>& members, const std::string& comment = "") {
  std::string file, directory;
  for (const ZipMember& member : members) {
    const auto size = static_cast<uint32_t>(member.content.size());
    const auto crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(member.content.data()), size));
    const std::string start = little_endian(member.flags) + little_endian(member.method) +
                              std::string(4, '\0') + little_endian(crc ^ member.crc_error);
    const auto name_size = little_endian(static_cast<uint16_t>(member.name.size()));
    const auto offset = static_cast<uint32_t>(file.size());
    const std::string extra64 = little_endian(uint16_t{1}) + little_endian(uint16_t{24}) +
                                little_endian(uint64_t{size}) + little_endian(uint64_t{size}) +
                                little_endian(uint64_t{offset});
    const std::string extra = member.zip64 ? extra64 : "";
    const auto in32 = [&](uint32_t value) { return little_endian(member.zip64 ? 0xffffffff : value); };
    file += "PK\x03\x04\x14\0"s + start + little_endian(size) + little_endian(size) + name_size + "\0\0"s +
            member.name + member.content;
    directory += "PK\x01\x02\x14\0\x14\0"s + start + in32(size) + in32(size) + name_size +
                 little_endian(static_cast<uint16_t>(extra.size())) + std::string(10, '\0') + in32(offset) +
                 member.name + extra;
  }
  const auto count = little_endian(static_cast<uint16_t>(members.size()));
  return file + directory + "PK\x05\x06\0\0\0\0"s + count + count +
         little_endian(static_cast<uint32_t>(directory.size())) +
         little_endian(static_cast<uint32_t>(file.size())) +
         little_endian(static_cast<uint16_t>(comment.size())) + comment;
}

}  // namespace toonmirror::testing
