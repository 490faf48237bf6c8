#include "checkpoint/numpy_arrays.h"

#include <fmt/core.h>

#include "base/error.h"
#include "checkpoint/pickle_text.h"

namespace toonmirror::checkpoint {
namespace {

struct TypeCode {
  std::string_view code;
  at::ScalarType dtype;
};
constexpr TypeCode kTypeCodes[] = {{"f4", at::kFloat}, {"f8", at::kDouble}, {"f2", at::kHalf},
                                   {"i8", at::kLong},  {"i4", at::kInt},    {"i2", at::kShort},
                                   {"i1", at::kChar},  {"u1", at::kByte},   {"b1", at::kBool}};

NumpyType type_of(const Value& value) {
  const auto* type = value.get_if<NumpyType>();
  if (type == nullptr) throw Error("has a numpy array of a type that is none");
  return *type;
}

Blob bytes_of(const Value& value) {
  if (const auto* blob = value.get_if<Blob>()) return *blob;
  const auto* text = value.get_if<Text>();
  if (text == nullptr || !text->python2) throw Error("has a numpy array without its bytes");
  return plain_blob({reinterpret_cast<const uint8_t*>(text->bytes.data()), text->bytes.size()});
}

TensorPointer array_of(std::vector<int64_t> shape, NumpyType type, const Blob& blob, bool fortran) {
  Storage storage;
  storage.dtype = type.dtype;
  storage.big_endian = type.big_endian && c10::elementSize(type.dtype) > 1;
  storage.blob = blob;
  try {
    storage.count = checked_count(shape);
    if (checked_bytes(storage.count, type.dtype) != blob.size)
      throw Error("size that does not match its shape");
    TensorView view;
    view.strides = dense_strides(shape, fortran);
    view.shape = std::move(shape);
    view.storage = std::make_shared<const Storage>(std::move(storage));
    view.from_numpy = true;
    check_view(view);
    return std::make_shared<const TensorView>(std::move(view));
  } catch (const Error& error) {
    throw Error(
        fmt::format("has a numpy array of {} bytes that contradicts itself: {}", blob.size, error.what()));
  }
}

}  // namespace

NumpyType numpy_type(std::string_view code) {
  const std::string_view given = code;
  NumpyType type;
  if (!code.empty() && std::string_view("<>|=").find(code.front()) != std::string_view::npos) {
    type.big_endian = code.front() == '>';
    code.remove_prefix(1);
  }
  for (const TypeCode& known : kTypeCodes) {
    if (code != known.code) continue;
    type.dtype = known.dtype;
    return type;
  }
  throw Error("has a numpy array of type '" + printable(given) + "', which is not supported: refused");
}

void set_state(NumpyType& type, const Value& state) {
  const std::vector<Value*>& parts = items_of(state, "a numpy type's state");
  if (parts.size() < 5) throw Error("has a numpy type with an incomplete state");
  for (const size_t fields : {2, 3, 4}) {
    if (!parts[fields]->is<None>())
      throw Error("has a numpy array of records, which is not supported: refused");
  }
  type.big_endian = text_of(*parts[1], "a byte order") == ">";
}

TensorPointer array_from_state(const Value& state) {
  const std::vector<Value*>& parts = items_of(state, "a numpy array's state");
  if (parts.size() != 5) throw Error("has a numpy array with an incomplete state");
  const auto* fortran = parts[3]->get_if<bool>();
  if (fortran == nullptr) throw Error("has a numpy array without an order of dimensions");
  return array_of(dimensions_of(*parts[1], "a shape"), type_of(*parts[2]), bytes_of(*parts[4]), *fortran);
}

TensorPointer array_from_buffer(const Value& bytes, const Value& type, const Value& shape,
                                const Value& order) {
  const std::string_view given = text_of(order, "an order of dimensions");
  if (given != "C" && given != "F") throw Error("has a numpy array in an unknown order of dimensions");
  return array_of(dimensions_of(shape, "a shape"), type_of(type), bytes_of(bytes), given == "F");
}

TensorPointer scalar_from_bytes(const Value& type, const Value& bytes) {
  return array_of({}, type_of(type), bytes_of(bytes), /*fortran=*/false);
}

}  // namespace toonmirror::checkpoint
