#include "checkpoint/flatten.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "checkpoint/byte_reader.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/storage_reader.h"

namespace toonmirror::checkpoint {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 100;
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxTextBytes = 4096;

// Values may share others, so the tree can be exponentially larger than the file. What a node costs in
// memory, and how much all may cost: a few times the file, never more than a large file of nothing but
// settings would need.
constexpr uint64_t kNodeBytes = 128;
constexpr uint64_t kTensorBytes = 512;
constexpr uint64_t kFreeBytes = 8 << 20;
constexpr uint64_t kMaxTimesFile = 16;
constexpr uint64_t kMaxBytes = 128 << 20;

// Attributes of a module that hold what it consists of: they add no level to a name.
constexpr std::array<std::string_view, 3> kModuleTables = {"_parameters", "_buffers", "_modules"};
// The only others of its internals that say something about the network.
constexpr std::array<std::string_view, 2> kModuleArguments = {"_init_args", "_init_kwargs"};

template <size_t n>
bool contains(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

template <typename T>
T number_in(std::span<const uint8_t> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

json number_of(const Storage& storage) {
  std::array<uint8_t, 8> buffer{};
  const std::span<uint8_t> bytes(buffer.data(), c10::elementSize(storage.dtype));
  read_storage(
      storage, [](const uint8_t* from, std::span<uint8_t> to) { std::copy_n(from, to.size(), to.begin()); },
      bytes);
  switch (storage.dtype) {
    case at::kDouble:
      return number_in<double>(bytes);
    case at::kFloat:
      return number_in<float>(bytes);
    case at::kHalf:
      return static_cast<float>(number_in<c10::Half>(bytes));
    case at::kBFloat16:
      return static_cast<float>(number_in<c10::BFloat16>(bytes));
    case at::kLong:
      return number_in<int64_t>(bytes);
    case at::kInt:
      return number_in<int32_t>(bytes);
    case at::kShort:
      return number_in<int16_t>(bytes);
    case at::kChar:
      return number_in<int8_t>(bytes);
    case at::kBool:
      return bytes[0] != 0;
    default:
      return bytes[0];
  }
}

std::string key_of(const Value& key, size_t index) {
  if (const auto* text = key.get_if<Text>()) {
    if (text->bytes.size() > kMaxNameBytes) throw Error("has a name of more than 1024 bytes");
    return to_utf8(text->bytes, text->python2);
  }
  if (const auto* number = key.get_if<int64_t>()) return std::to_string(*number);
  if (const auto* truth = key.get_if<bool>()) return *truth ? "True" : "False";
  if (const auto* number = key.get_if<double>()) return fmt::format("{}", *number);
  if (key.is<None>()) return "None";
  return fmt::format("#{}", index);
}

class Flattener {
 public:
  explicit Flattener(uint64_t file_size)
      : budget_(std::min(kFreeBytes + kMaxTimesFile * std::min(file_size, kMaxBytes), kMaxBytes)) {}

  FlatCheckpoint run(const Value& root) {
    if (root.is<TensorPointer>()) name_ = "tensor";
    std::optional<json> settings = visit(root);
    result_.settings = settings ? std::move(*settings) : json::object();
    return std::move(result_);
  }

 private:
  using Members = std::map<std::string, const Value*>;

  void charge(uint64_t bytes) {
    if (bytes > budget_) throw Error("has contents that grow without bound when they are read");
    budget_ -= bytes;
  }

  // Visits a member under the name `key` below the present one.
  std::optional<json> visit_below(const std::string& key, const Value& value) {
    const size_t length = name_.size();
    if (length + key.size() + 1 > kMaxNameBytes) throw Error("has a name of more than 1024 bytes");
    if (!name_.empty()) name_ += '.';
    name_ += key;
    if (++depth_ > kMaxDepth) {
      throw Error(fmt::format("contains itself, or is nested more than {} levels deep", kMaxDepth));
    }
    std::optional<json> result = visit(value);
    --depth_;
    name_.resize(length);
    return result;
  }

  // The settings in a value; nothing for a tensor and for what is left out.
  std::optional<json> visit(const Value& value) {
    charge(kNodeBytes);
    if (value.is<None>()) return json();
    if (const auto* truth = value.get_if<bool>()) return *truth;
    if (const auto* number = value.get_if<int64_t>()) return *number;
    if (const auto* number = value.get_if<double>()) return *number;
    if (const auto* text = value.get_if<Text>()) return visit_text(*text);
    if (const auto* global = value.get_if<const Global*>()) return (*global)->full_name();
    if (const auto* tensor = value.get_if<TensorPointer>()) return visit_tensor(*tensor);
    if (const auto* sequence = value.get_if<Sequence>()) return visit_sequence(*sequence);
    if (const auto* dict = value.get_if<Dict>()) {
      json object = json::object();
      add_members(members_of(*dict), object);
      return object;
    }
    if (const auto* object = value.get_if<Object>()) return visit_object(*object);
    if (value.is<UnbuiltArray>()) throw Error("has a numpy array without its contents", kIncompleteHint);
    return std::nullopt;  // bytes, storages and numbers that mean nothing by themselves
  }

  std::optional<json> visit_text(const Text& text) {
    if (text.bytes.size() > kMaxTextBytes) return std::nullopt;
    charge(2 * text.bytes.size());
    return to_utf8(text.bytes, text.python2);
  }

  std::optional<json> visit_tensor(const TensorPointer& tensor) {
    if (tensor->from_numpy && tensor->shape.empty() && !in_variables_) return number_of(*tensor->storage);
    charge(kTensorBytes + 2 * name_.size());
    if (!result_.tensors.emplace(name_, tensor).second)
      throw Error("has two tensors named " + printable(name_));
    result_.has_torch_tensor |= !tensor->from_numpy;
    return std::nullopt;
  }

  json visit_sequence(const Sequence& sequence) {
    json array = json::array();
    for (size_t i = 0; i < sequence.items.size(); ++i) {
      array.push_back(visit_below(std::to_string(i), *sequence.items[i]).value_or(json()));
    }
    return array;
  }

  Members members_of(const Dict& dict) {
    Members members;
    for (size_t i = 0; i < dict.entries.size(); ++i) {
      const auto& [key, value] = dict.entries[i];
      charge(kNodeBytes);
      members.insert_or_assign(key_of(*key, i), value);
    }
    return members;
  }

  void add_members(const Members& members, json& object) {
    for (const auto& [key, value] : members) {
      std::optional<json> setting = visit_below(key, *value);
      if (setting) object[key] = std::move(*setting);
    }
  }

  json visit_object(const Object& object) {
    const auto* state = object.state == nullptr ? nullptr : object.state->get_if<Dict>();
    Members members = state == nullptr ? Members() : members_of(*state);
    json result = json::object();
    if (object.type->constructor == Constructor::kPersistent) {
      result_.has_module = true;
      add_module(members, result);
      return result;
    }
    if (object.type->constructor == Constructor::kNetwork) {
      result_.has_tensorflow_network = true;
      members.erase("build_module_src");
      add_variables(members, result);
    }
    add_members(members, result);
    result["__class__"] = object.type->full_name();  // last: no attribute may pretend to be it
    return result;
  }

  // Takes a TensorFlow network's list of (name, value) out of its members.
  void add_variables(Members& members, json& network) {
    const auto variables = members.extract("variables");
    if (variables.empty()) return;
    Dict dict;
    for (const Value* pair : items_of(*variables.mapped(), "a list of variables")) {
      const std::vector<Value*>& parts = items_of(*pair, "a variable");
      if (parts.size() != 2) throw Error("has a variable that is not a name and a value");
      charge(kNodeBytes);
      dict.entries.emplace_back(parts[0], parts[1]);
    }
    in_variables_ = true;
    Value value{std::move(dict)};
    network["variables"] = visit_below("variables", value).value_or(json::object());
    in_variables_ = false;
  }

  // What torch_utils.persistence describes: the module's class and its attributes.
  void add_module(const Members& description, json& module) {
    const auto state = description.find("state");
    const auto* attributes = state == description.end() ? nullptr : state->second->get_if<Dict>();
    if (attributes == nullptr) throw Error("has a module of torch_utils.persistence without a state");
    Members plain;
    for (const auto& [key, value] : members_of(*attributes)) {
      if (contains(kModuleTables, key)) {
        const auto* table = value->get_if<Dict>();
        if (table == nullptr) throw Error("has a module whose " + key + " are no dictionary");
        add_members(members_of(*table), module);
      } else if (!key.starts_with('_') || contains(kModuleArguments, key)) {
        plain.emplace(key, value);
      }
    }
    add_members(plain, module);
    if (const auto name = description.find("class_name"); name != description.end()) {
      module["class_name"] = visit(*name->second).value_or(json());
    }
  }

  FlatCheckpoint result_;
  std::string name_;
  int depth_ = 0;
  bool in_variables_ = false;
  uint64_t budget_;
};

}  // namespace

FlatCheckpoint flatten(const Value& root, uint64_t file_size) { return Flattener(file_size).run(root); }

}  // namespace toonmirror::checkpoint
