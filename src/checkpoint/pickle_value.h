// What the pickle machine builds: values that do nothing. They refer to one another by pointers into an arena
// and own none of each other, so that neither cycles nor deep nesting matter to anything but a walk over
// them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "checkpoint/pickle_globals.h"
#include "checkpoint/tensor_view.h"

namespace toonmirror::checkpoint {

struct Value;

struct None {};

// A whole number that does not fit 64 bits; two's complement, little-endian.
struct BigInteger {
  std::span<const uint8_t> bytes;
};

// A text in UTF-8, or a string of Python 2: bytes that stand for themselves or for Latin-1 characters.
struct Text {
  std::string_view bytes;
  bool python2 = false;
};

enum class SequenceKind : uint8_t { kList, kTuple, kSet };

struct Sequence {
  SequenceKind kind;
  std::vector<Value*> items;
};

// In order of assignment: of equal keys the last counts.
struct Dict {
  std::vector<std::pair<Value*, Value*>> entries;
};

struct Object {
  const Global* type;
  Value* state = nullptr;  // a Dict once built
};

struct NumpyType {
  at::ScalarType dtype = at::kFloat;
  bool big_endian = false;
};

// A numpy array before its state is known.
struct UnbuiltArray {};

using StoragePointer = std::shared_ptr<const Storage>;
using TensorPointer = std::shared_ptr<const TensorView>;

struct Value {
  std::variant<None, bool, int64_t, double, BigInteger, Text, Blob, Sequence, Dict, const Global*, Object,
               NumpyType, UnbuiltArray, StoragePointer, TensorPointer>
      data;

  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&data);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&data);
  }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data);
  }
};

// Owns values and decoded texts. It counts work as well, so that the bounds below hold over all pickles that
// are nested in one file. The largest public checkpoints need some 100,000 steps.
class ValueArena {
 public:
  explicit ValueArena(uint64_t file_size) : file_size_(file_size) {}

  Value* add(Value value);
  // A copy of the text that lives as long as the arena's texts.
  std::string_view keep(std::string text);
  // The bytes of a blob, decoded where it has to be.
  std::span<const uint8_t> bytes_of(const Blob& blob);

  // Both throw Error above a limit: on operations as such, and on bytes that an operation copies or looks
  // through, since one that is few bytes long may do that again and again to something it found in the memo.
  void count_operation();
  void count_bytes(uint64_t bytes);
  uint64_t operations() const { return operations_; }

  // The texts, which blobs may point to, outlive the arena when somebody holds this.
  std::shared_ptr<const std::deque<std::string>> texts() const { return texts_; }

 private:
  std::deque<Value> values_;
  std::shared_ptr<std::deque<std::string>> texts_ = std::make_shared<std::deque<std::string>>();
  uint64_t file_size_;
  uint64_t operations_ = 0;
  uint64_t bytes_ = 0;
  uint64_t tensors_ = 0;
};

// What a value must be; throw Error naming `what` where it is anything else.
const std::vector<Value*>& items_of(const Value& value, const char* what);
int64_t integer_of(const Value& value, const char* what);
std::string_view text_of(const Value& value, const char* what);
std::vector<int64_t> dimensions_of(const Value& value, const char* what);  // a few whole numbers

}  // namespace toonmirror::checkpoint
