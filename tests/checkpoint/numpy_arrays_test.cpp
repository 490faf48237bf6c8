#include "checkpoint/numpy_arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/pickle_checkpoint.h"
#include "checkpoint/python.h"
#include "checkpoint/storage_reader.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// A TensorFlow checkpoint of one variable, "a".
struct File {
  explicit File(const std::string& value)
      : bytes(pickled(py_network({{"a", value}}))), checkpoint(read_pickle_checkpoint(bytes_in(bytes))) {}

  const TensorView& view() const { return *checkpoint.content.tensors.at("variables.a"); }

  template <typename T>
  std::vector<T> numbers() const {
    std::vector<T> result(view().storage->count);
    read_storage(*view().storage,
                 [](const uint8_t* from, std::span<uint8_t> to) { std::copy_n(from, to.size(), to.begin()); },
                 {reinterpret_cast<uint8_t*>(result.data()), result.size() * sizeof(T)});
    return result;
  }

  std::string bytes;
  PickleCheckpoint checkpoint;
};

void expect_refused(const std::string& value, const std::string& reason) {
  EXPECT_THAT([&] { File file(value); }, ThrowsMessage<Error>(HasSubstr(reason))) << reason;
}

TEST(NumpyArrays, TypesAndByteOrders) {
  const std::vector<std::pair<std::string, at::ScalarType>> types = {
      {"f2", at::kHalf},  {"f4", at::kFloat}, {"f8", at::kDouble}, {"i1", at::kChar}, {"u1", at::kByte},
      {"i2", at::kShort}, {"i4", at::kInt},   {"i8", at::kLong},   {"b1", at::kBool}};
  for (const auto& [code, dtype] : types) {
    const std::string bytes(3 * c10::elementSize(dtype), '\1');
    EXPECT_EQ(File(py_array(py_numpy_type(code), {3}, py_bytes(bytes))).view().storage->dtype, dtype) << code;
  }
  EXPECT_EQ(numpy_type(">f4").big_endian, true);
  EXPECT_EQ(numpy_type("<f4").big_endian, false);
  for (const char* code : {"O8", "O", "U5", "S3", "M8[ns]", "c8", "u4", "f16", "", "V4", "|"}) {
    EXPECT_THAT([code] { numpy_type(code); }, ThrowsMessage<Error>(HasSubstr("refused"))) << code;
  }
}

TEST(NumpyArrays, BigEndianNumbersAreSwapped) {
  const File file(py_array(py_numpy_type("f4", ">"), {2}, py_bytes("\x3f\x80\0\0\xc0\0\0\0"s)));
  EXPECT_THAT(file.numbers<float>(), ElementsAre(1.0f, -2.0f));
}

TEST(NumpyArrays, BytesOfAllProtocols) {
  const std::vector<float> expected = {1.0f, -2.0f, 1e-30f};
  const std::string bytes = bytes_of(expected);
  std::string utf8;
  for (const char letter : bytes) {
    const auto byte = static_cast<uint8_t>(letter);
    utf8 += byte < 0x80
                ? std::string(1, letter)
                : std::string{static_cast<char>(0xc0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))};
  }
  const std::string size = little_endian(static_cast<uint32_t>(bytes.size()));
  for (const std::string& written :
       {py_bytes(bytes), "T" + size + bytes, "\x96" + little_endian(uint64_t{bytes.size()}) + bytes,
        py_call(py_global("_codecs", "encode"), {py_text(utf8), py_text("latin1")})}) {
    const File file(py_array(py_numpy_type("f4"), {3}, written));
    EXPECT_EQ(file.numbers<float>(), expected);
  }
  const std::string buffer = py_call(py_global("numpy.core.numeric", "_frombuffer"),
                                     {py_bytes(bytes), py_numpy_type("f4"), py_sizes({3, 1}), py_text("F")});
  EXPECT_EQ(File(buffer).numbers<float>(), expected);
  EXPECT_THAT(File(buffer).view().strides, ElementsAre(1, 3));
}

TEST(NumpyArrays, OrderOfDimensions) {
  const std::string bytes = py_bytes(std::string(24 * 4, '\0'));
  EXPECT_THAT(File(py_array(py_numpy_type("f4"), {2, 3, 4}, bytes)).view().strides, ElementsAre(12, 4, 1));
  EXPECT_THAT(File(py_array(py_numpy_type("f4"), {2, 3, 4}, bytes, /*fortran=*/true)).view().strides,
              ElementsAre(1, 2, 6));
}

TEST(NumpyArrays, ScalarsAreTensorsOfNoDimension) {
  const std::string scalar = py_call(py_global("numpy.core.multiarray", "scalar"),
                                     {py_numpy_type("f4"), py_bytes(bytes_of<float>({2.5f}))});
  EXPECT_TRUE(File(scalar).view().shape.empty());
  EXPECT_THAT(File(scalar).numbers<float>(), ElementsAre(2.5f));
}

TEST(NumpyArrays, EmptyArrays) { EXPECT_EQ(File(py_floats({0, 5}, {})).view().storage->count, 0u); }

TEST(NumpyArrays, ContradictionsAreRefused) {
  const std::string type = py_numpy_type("f4");
  expect_refused(py_array(type, {3}, py_bytes("12345678")), "does not match its shape");
  expect_refused(py_array(type, {1}, py_bytes("12345678")), "does not match its shape");
  expect_refused(py_array(type, {-1, -2}, py_bytes("12345678")), "negative dimension");
  expect_refused(py_array(type, {int64_t{1} << 33, int64_t{1} << 33}, py_bytes("")), "overflows");
  expect_refused(py_array(type, {int64_t{1} << 62}, py_bytes("")), "overflows");
  expect_refused(py_array(type, std::vector<int64_t>(17, 1), py_bytes("1234")), "too many dimensions");
  expect_refused(py_array(type, {2}, py_text("12345678")), "without its bytes");
  expect_refused(py_array(py_text("f4"), {2}, py_bytes("12345678")), "type that is none");
  expect_refused(py_array(type, {2}, py_list({py_int(1), py_int(2)})), "without its bytes");
  expect_refused(py_call(py_global("numpy.core.multiarray", "_reconstruct"),
                         {py_global("numpy", "ndarray"), py_sizes({0}), py_bytes("b")}),
                 "without its contents");
  const std::string records = py_call(py_global("numpy", "dtype"), {py_text("f4"), py_int(0), py_int(1)}) +
                              py_tuple({py_int(3), py_text("<"), kNone, py_tuple({}), kNone}) + "b";
  expect_refused(py_array(records, {1}, py_bytes("1234")), "records");
}

}  // namespace
}  // namespace toonmirror::checkpoint
