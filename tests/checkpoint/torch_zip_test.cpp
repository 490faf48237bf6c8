#include "checkpoint/torch_zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/pickle_checkpoint.h"
#include "checkpoint/python.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::string kFloats = bytes_of<float>({1, 2, 3, 4});

std::string root(const StorageOptions& storage = {}) {
  return pickled(py_dict({{"a", py_tensor(py_storage(storage), 1, {2}, {1})}}));
}
std::string file_of(const std::string& pickle,
                    const std::vector<ZipMember>& more = {{.name = "x/data/0", .content = kFloats}}) {
  std::vector<ZipMember> members = {{.name = "x/data.pkl", .content = pickle}};
  members.insert(members.end(), more.begin(), more.end());
  return zip_file(members);
}

void expect_refused(const std::string& file, const std::string& reason) {
  EXPECT_THAT([&] { read_pickle_checkpoint(bytes_in(file)); }, ThrowsMessage<Error>(HasSubstr(reason)))
      << reason;
}

TEST(TorchZip, TensorsAreViewsOfRecords) {
  const std::string file = file_of(root());
  const PickleCheckpoint checkpoint = read_pickle_checkpoint(bytes_in(file));
  EXPECT_EQ(checkpoint.kind, PickleCheckpoint::Kind::kTorchZip);
  const TensorView& view = *checkpoint.content.tensors.at("a");
  EXPECT_EQ(view.offset, 1u);
  EXPECT_EQ(std::string(view.storage->blob->data, view.storage->blob->data + 16), kFloats);
  EXPECT_TRUE(view.storage->crc32.has_value());
}

TEST(TorchZip, AllTypesOfStorages) {
  const std::vector<std::pair<std::string, at::ScalarType>> types = {
      {"FloatStorage", at::kFloat},       {"DoubleStorage", at::kDouble}, {"HalfStorage", at::kHalf},
      {"BFloat16Storage", at::kBFloat16}, {"LongStorage", at::kLong},     {"IntStorage", at::kInt},
      {"ShortStorage", at::kShort},       {"CharStorage", at::kChar},     {"ByteStorage", at::kByte},
      {"BoolStorage", at::kBool}};
  for (const auto& [type, dtype] : types) {
    const std::string content(4 * c10::elementSize(dtype), '\0');
    const std::string file = file_of(root({.type = type}), {{.name = "x/data/0", .content = content}});
    EXPECT_EQ(read_pickle_checkpoint(bytes_in(file)).content.tensors.at("a")->storage->dtype, dtype) << type;
  }
}

TEST(TorchZip, LiesAboutStoragesAreRefused) {
  expect_refused(file_of(root({.count = 5})), "16 bytes in storage 0 where 20 are declared");
  expect_refused(file_of(root({.count = 3})), "16 bytes in storage 0 where 12 are declared");
  expect_refused(file_of(root({.type = "DoubleStorage"})), "where 32 are declared");
  expect_refused(file_of(root({.count = -4})), "negative length");
  expect_refused(file_of(root({.count = int64_t{1} << 61})), "overflows");
  expect_refused(file_of(root({.key = "1"})), "lacks storage 1");
  expect_refused(file_of(root({.key = "../data/0"})), "lacks storage ../data/0");
  expect_refused(file_of(root({.type = "QInt8Storage"})), "refers to torch.QInt8Storage: refused");
}

TEST(TorchZip, TensorsBeyondTheirStorageAreRefused) {
  const auto file = [](int64_t offset, const std::vector<int64_t>& sizes,
                       const std::vector<int64_t>& strides) {
    return file_of(pickled(py_dict({{"a", py_tensor(py_storage({}), offset, sizes, strides)}})));
  };
  expect_refused(file(1, {4}, {1}), "numbers up to 4 in a storage of 4");
  expect_refused(file(-1, {4}, {1}), "negative offset");
  expect_refused(file(0, {-4}, {1}), "negative dimension");
  expect_refused(file(0, {4}, {-1}), "negative stride");
  expect_refused(file(0, {4}, {1, 1}), "different numbers of sizes and strides");
  expect_refused(file(0, {int64_t{1} << 40}, {0}), "far larger than the file, such as a");
  EXPECT_NO_THROW(read_pickle_checkpoint(bytes_in(file(0, {1000}, {0}))));
}

TEST(TorchZip, OtherArchivesAreNamed) {
  expect_refused(zip_file({{.name = "photo.png"}}), "no PyTorch checkpoint: it has no data.pkl");
  expect_refused(zip_file({{.name = "a/b/data.pkl"}}), "it has no data.pkl");
  expect_refused(zip_file({{.name = "readme.txt"}, {.name = "models/790000.pt"}}),
                 "is a zip archive around a model file");
  expect_refused(root(), "out of a PyTorch checkpoint that was unpacked");
  expect_refused(file_of(root(), {{.name = "x/code/__torch__.py"}}), "TorchScript");
  expect_refused(file_of(root(), {{.name = "y/data.pkl"}}), "several checkpoints");
  expect_refused(file_of(root(), {{.name = "x/byteorder", .content = "big"}}), "another order of bytes");
  EXPECT_NO_THROW(read_pickle_checkpoint(bytes_in(file_of(
      root(), {{.name = "x/byteorder", .content = "little"}, {.name = "x/data/0", .content = kFloats}}))));
}

TEST(TorchZip, ChecksumOfThePickle) {
  expect_refused(zip_file({{.name = "x/data.pkl", .content = root(), .crc_error = 1}}),
                 "checksum of its data.pkl");
}

}  // namespace
}  // namespace toonmirror::checkpoint
