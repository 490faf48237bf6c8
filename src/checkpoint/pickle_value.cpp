#include "checkpoint/pickle_value.h"

#include "base/error.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

constexpr uint64_t kMaxOperations = 2'000'000;
constexpr size_t kMaxValues = 1'000'000;
constexpr uint64_t kMaxTensors = 100'000;
constexpr uint64_t kFreeBytes = 1 << 20;
constexpr uint64_t kMaxLooksAtAByte = 4;

}  // namespace

Value* ValueArena::add(Value value) {
  if (values_.size() >= kMaxValues) throw Error("builds more values than any checkpoint needs");
  if (value.is<TensorPointer>() && ++tensors_ > kMaxTensors) {
    throw Error("builds more tensors than any checkpoint needs");
  }
  return &values_.emplace_back(std::move(value));
}

std::string_view ValueArena::keep(std::string text) {
  count_bytes(text.size());
  return texts_->emplace_back(std::move(text));
}

std::span<const uint8_t> ValueArena::bytes_of(const Blob& blob) {
  if (!blob.latin1_in_utf8) return {blob.data, blob.size};
  count_bytes(blob.size);
  std::string decoded(blob.size, '\0');
  decode_latin1({reinterpret_cast<const char*>(blob.data), blob.encoded_size},
                reinterpret_cast<uint8_t*>(decoded.data()));
  const std::string_view kept = keep(std::move(decoded));
  return {reinterpret_cast<const uint8_t*>(kept.data()), kept.size()};
}

void ValueArena::count_operation() {
  if (++operations_ > kMaxOperations) throw Error("takes more steps to read than any checkpoint needs");
}

void ValueArena::count_bytes(uint64_t bytes) {
  bytes_ += bytes;
  if (bytes_ > kFreeBytes + kMaxLooksAtAByte * file_size_) {
    throw Error("has contents that grow without bound when they are read");
  }
}

const std::vector<Value*>& items_of(const Value& value, const char* what) {
  const auto* sequence = value.get_if<Sequence>();
  if (sequence == nullptr) throw Error(std::string("has ") + what + " that is not a list or tuple");
  return sequence->items;
}

int64_t integer_of(const Value& value, const char* what) {
  const auto* integer = value.get_if<int64_t>();
  if (integer == nullptr) throw Error(std::string("has ") + what + " that is not a whole number of 64 bits");
  return *integer;
}

std::string_view text_of(const Value& value, const char* what) {
  const auto* text = value.get_if<Text>();
  if (text == nullptr) throw Error(std::string("has ") + what + " that is not a text");
  return text->bytes;
}

std::vector<int64_t> dimensions_of(const Value& value, const char* what) {
  const std::vector<Value*>& items = items_of(value, what);
  if (items.size() > kMaxDimensions) throw Error(std::string("has ") + what + " of too many dimensions");
  std::vector<int64_t> result;
  for (const Value* item : items) result.push_back(integer_of(*item, what));
  return result;
}

}  // namespace toonmirror::checkpoint
