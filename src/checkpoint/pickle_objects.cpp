#include "checkpoint/pickle_objects.h"

#include "base/error.h"
#include "checkpoint/numpy_arrays.h"
#include "checkpoint/pickle_text.h"
#include "checkpoint/torch_tensors.h"

namespace toonmirror::checkpoint {
namespace {

using Arguments = std::vector<Value*>;

class Builder {
 public:
  Builder(const Global& type, const Arguments& arguments, ValueArena& arena, const PickleHooks& hooks)
      : type_(type), arguments_(arguments), arena_(arena), hooks_(hooks) {}

  Value* run() {
    switch (type_.constructor) {
      case Constructor::kDict:
        return arena_.add(Value{dict_from(arguments_.empty() ? nullptr : &argument(0))});
      case Constructor::kObject:
      case Constructor::kNetwork:
        return object();
      case Constructor::kPersistent:
        return persistent();
      case Constructor::kReconstructor:
        return reconstruct();
      case Constructor::kSet:
        return set();
      case Constructor::kBytes:
        return bytes();
      case Constructor::kEncode:
        return encode(argument(0), argument(1));
      case Constructor::kArray:
        return unbuilt_array();
      case Constructor::kArrayFromBuffer:
        return arena_.add(Value{array_from_buffer(argument(0), argument(1), argument(2), argument(3))});
      case Constructor::kNumpyScalar:
        return arena_.add(Value{scalar_from_bytes(argument(0), argument(1))});
      case Constructor::kNumpyType:
        return arena_.add(Value{numpy_type(text_of(argument(0), "a numpy type"))});
      case Constructor::kTensor:
      case Constructor::kTensorV2:
        return arena_.add(Value{rebuild_tensor(arguments_)});
      case Constructor::kParameter:
        return parameter();
      case Constructor::kStorageFromBytes:
        return storage_from_bytes();
      case Constructor::kSize:
        return size();
      case Constructor::kDevice:
        return device();
      case Constructor::kBaseObject:
      case Constructor::kArrayType:
      case Constructor::kStorageType:
      case Constructor::kType:
        break;
    }
    throw Error("constructs a " + type_.full_name() + ": refused");
  }

 private:
  Value& argument(size_t index) const {
    if (index >= arguments_.size()) throw Error("constructs a " + type_.full_name() + " from too little");
    return *arguments_[index];
  }

  // dict(), dict(another), dict([(key, value), …]).
  Dict dict_from(const Value* content) {
    Dict result;
    if (content == nullptr || content->is<None>()) return result;
    if (const auto* other = content->get_if<Dict>()) {
      arena_.count_bytes(other->entries.size() * sizeof(other->entries[0]));
      return *other;
    }
    const Arguments& pairs = items_of(*content, "a dictionary's content");
    arena_.count_bytes(pairs.size() * sizeof(result.entries[0]));
    for (const Value* pair : pairs) {
      const Arguments& parts = items_of(*pair, "a dictionary's entry");
      if (parts.size() != 2) throw Error("has a dictionary's entry that is not a pair");
      result.entries.emplace_back(parts[0], parts[1]);
    }
    return result;
  }

  Value* object() {
    if (!arguments_.empty()) throw Error("constructs a " + type_.full_name() + " from values: refused");
    return arena_.add(Value{Object{&type_}});
  }

  Value* persistent() {
    if (!argument(0).is<Dict>()) throw Error("has a module of torch_utils.persistence without a description");
    return arena_.add(Value{Object{&type_, &argument(0)}});
  }

  Value* reconstruct() {
    const auto* type = argument(0).get_if<const Global*>();
    if (type == nullptr) throw Error("constructs an object without a class");
    const Constructor constructor = (*type)->constructor;
    if (constructor == Constructor::kDict) return arena_.add(Value{dict_from(&argument(2))});
    if (constructor == Constructor::kObject || constructor == Constructor::kNetwork) {
      return arena_.add(Value{Object{*type}});
    }
    throw Error("constructs a " + (*type)->full_name() + ": refused");
  }

  Value* set() {
    Sequence result{SequenceKind::kSet, {}};
    if (!arguments_.empty()) {
      const Arguments& items = items_of(argument(0), "a set's content");
      arena_.count_bytes(items.size() * sizeof(items[0]));
      result.items = items;
    }
    return arena_.add(Value{std::move(result)});
  }

  Value* bytes() {
    if (arguments_.empty()) return arena_.add(Value{Blob{}});
    if (argument(0).is<Blob>()) return &argument(0);
    return encode(argument(0), argument(1));
  }

  Value* encode(const Value& text, const Value& encoding) {
    const std::string_view name = text_of(encoding, "an encoding");
    if (name != "latin1" && name != "latin-1")
      throw Error("has bytes encoded as " + printable(name) + ": refused");
    const std::string_view utf8 = text_of(text, "an encoded byte string");
    arena_.count_bytes(utf8.size());
    const auto length = latin1_length(utf8);
    if (!length) throw Error("has a byte string that is none", kIncompleteHint);
    if (hooks_.passed) hooks_.passed({reinterpret_cast<const uint8_t*>(utf8.data()), utf8.size()});
    const bool coded = *length != utf8.size();
    return arena_.add(
        Value{Blob{reinterpret_cast<const uint8_t*>(utf8.data()), *length, utf8.size(), coded}});
  }

  Value* unbuilt_array() {
    const auto* type = argument(0).get_if<const Global*>();
    if (type == nullptr || (*type)->constructor != Constructor::kArrayType) {
      throw Error("has a numpy array of another class: refused");
    }
    return arena_.add(Value{UnbuiltArray{}});
  }

  Value* parameter() {
    if (!argument(0).is<TensorPointer>()) throw Error("has a parameter that is not a tensor");
    return &argument(0);
  }

  Value* storage_from_bytes() {
    const auto* blob = argument(0).get_if<Blob>();
    if (blob == nullptr) throw Error("has a storage without its bytes");
    if (!hooks_.storage_from_bytes) throw Error("has files nested in files: refused");
    return arena_.add(Value{hooks_.storage_from_bytes(arena_.bytes_of(*blob))});
  }

  Value* size() {
    items_of(argument(0), "a torch.Size");
    return &argument(0);
  }

  Value* device() {
    std::string name(text_of(argument(0), "a device"));
    if (arguments_.size() > 1) name += ":" + std::to_string(integer_of(argument(1), "a device's number"));
    return arena_.add(Value{Text{arena_.keep(std::move(name))}});
  }

  const Global& type_;
  const Arguments& arguments_;
  ValueArena& arena_;
  const PickleHooks& hooks_;
};

}  // namespace

Value* construct(const Value& type, const Value& arguments, ValueArena& arena, const PickleHooks& hooks) {
  const auto* global = type.get_if<const Global*>();
  if (global == nullptr) throw Error("calls something that is not a constructor: refused");
  return Builder(**global, items_of(arguments, "arguments"), arena, hooks).run();
}

void build(Value& object, Value& state) {
  if (auto* built = object.get_if<Object>()) {
    if (built->state != nullptr) throw Error("gives a state to an object that has one: refused");
    if (!state.is<Dict>()) throw Error("has a " + built->type->full_name() + " whose state is no dictionary");
    built->state = &state;
  } else if (object.is<UnbuiltArray>()) {
    object.data = array_from_state(state);
  } else if (auto* type = object.get_if<NumpyType>()) {
    set_state(*type, state);
  } else if (!object.is<Dict>()) {  // attributes of a dictionary, such as the _metadata of an OrderedDict
    throw Error("gives a state to something that has none: refused");
  }
}

}  // namespace toonmirror::checkpoint
