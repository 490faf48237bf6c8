#include "checkpoint/torch_legacy.h"

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

std::string storage(int64_t count = 4, const std::string& type = "FloatStorage") {
  return py_storage({.type = type, .location = "cuda:0", .count = count, .legacy = true});
}
std::string root() { return py_dict({{"a", py_tensor(storage(), 0, {4}, {1})}}); }

void expect_refused(const std::string& file, const std::string& reason) {
  EXPECT_THAT([&] { read_pickle_checkpoint(bytes_in(file)); }, ThrowsMessage<Error>(HasSubstr(reason)))
      << reason;
}

TEST(TorchLegacy, StoragesAreFoundBehindThePickles) {
  const std::string file = legacy_file(root(), {{"0", 4, kFloats}});
  const PickleCheckpoint checkpoint = read_pickle_checkpoint(bytes_in(file));
  EXPECT_EQ(checkpoint.kind, PickleCheckpoint::Kind::kTorchLegacy);
  const Blob& blob = *checkpoint.content.tensors.at("a")->storage->blob;
  EXPECT_EQ(std::string(blob.data, blob.data + blob.size), kFloats);
}

TEST(TorchLegacy, EveryCutIsNoticed) {
  const std::string file = legacy_file(root(), {{"0", 4, kFloats}});
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read_pickle_checkpoint(bytes_in(file.substr(0, size))), Error) << size;
  }
}

TEST(TorchLegacy, ContradictionsAreRefused) {
  expect_refused(legacy_file(root(), {{"0", 3, kFloats}}), "has 4 numbers, and then 3");
  expect_refused(legacy_file(root(), {{"0", -4, kFloats}}), "and then -4");
  expect_refused(legacy_file(root(), {{"0", int64_t{1} << 60, kFloats}}), "has 4 numbers");
  expect_refused(legacy_file(root(), {{"1", 4, kFloats}}), "twice or for nothing");
  expect_refused(legacy_file(root(), {{"0", 4, kFloats}, {"0", 4, kFloats}}), "twice or for nothing");
  expect_refused(legacy_file(root(), {}), "lacks storage 0");
  expect_refused(legacy_file(py_dict({{"a", py_tensor(storage(), 0, {4}, {1})},
                                      {"b", py_tensor(storage(4, "IntStorage"), 0, {4}, {1})}}),
                             {{"0", 4, kFloats}}),
                 "in two ways");
  expect_refused(legacy_file(py_dict({{"a", py_tensor(storage(-1), 0, {4}, {1})}}), {}), "negative length");
  expect_refused(legacy_file(py_dict({{"a", py_tensor(storage(int64_t{1} << 62), 0, {4}, {1})}}), {}),
                 "overflows");
}

TEST(TorchLegacy, BeginningsAreChecked) {
  std::string file = legacy_file(root(), {{"0", 4, kFloats}});
  std::string other = file;
  other[6] ^= 1;
  expect_refused(other, "but not with theirs");
  const std::string rest = pickled(root()) + pickled(py_list({}));
  expect_refused(kLegacyMagic + pickled(py_int(1002)) + pickled("}") + rest, "protocol 1002");
  expect_refused(kLegacyMagic + pickled(py_text("1001")) + pickled("}") + rest, "not a whole number");
  expect_refused(kLegacyMagic + pickled(py_int(1001)) + pickled(py_dict({{"little_endian", kFalse}})) + rest,
                 "another order of bytes");
  expect_refused(
      kLegacyMagic + pickled(py_int(1001)) + pickled(py_call(py_global("os", "system"), {})) + rest,
      "refers to os.system: refused");
}

TEST(TorchLegacy, ReferencesToAnythingButStoragesAreRefused) {
  const auto with_id = [](const std::vector<std::string>& parts) {
    return legacy_file(py_tuple(parts) + "Q", {{"0", 4, kFloats}});
  };
  const std::string type = py_global("torch", "FloatStorage");
  expect_refused(with_id({py_text("module"), type, py_text("0"), py_text("cpu"), py_int(4), kNone}),
                 "not a storage");
  expect_refused(with_id({py_text("storage"), py_text("x"), py_text("0"), py_text("cpu"), py_int(4), kNone}),
                 "without a type");
  expect_refused(with_id({py_text("storage"), py_global("torch", "Size"), py_text("0"), py_text("cpu"),
                          py_int(4), kNone}),
                 "without a type");
  expect_refused(with_id({py_text("storage"), type, py_text("0"), py_text("cpu"), py_int(4)}),
                 "not a storage");
  expect_refused(with_id({py_text("storage"), type, py_text("0"), py_text("cpu"), py_int(4), py_tuple({})}),
                 "storages within storages");
  expect_refused(
      with_id({py_text("storage"), type, py_text(std::string(200, '0')), py_text("cpu"), py_int(4), kNone}),
      "very long key");
}

TEST(TorchLegacy, NestedFilesHoldOneStorageAndNestNoFurther) {
  const auto ada = [](const std::string& nested) {
    const std::string load = py_global("torch.storage", "_load_from_bytes");
    return pickled(py_dict({{"a", py_tensor(py_call(load, {py_bytes(nested)}), 0, {4}, {1})}}));
  };
  const std::string nested = legacy_file(storage(), {{"0", 4, kFloats}});
  const std::string file = ada(nested);
  const PickleCheckpoint checkpoint = read_pickle_checkpoint(bytes_in(file));
  EXPECT_EQ(checkpoint.kind, PickleCheckpoint::Kind::kAda);
  EXPECT_EQ(checkpoint.content.tensors.at("a")->storage->count, 4u);
  expect_refused(ada(legacy_file(root(), {{"0", 4, kFloats}})), "not a storage: refused");
  expect_refused(ada(pickled(py_call(py_global("os", "system"), {}))), "refers to os.system: refused");
  expect_refused(
      ada(legacy_file(py_call(py_global("torch.storage", "_load_from_bytes"), {py_bytes(nested)}), {})),
      "nested in files: refused");
}

}  // namespace
}  // namespace toonmirror::checkpoint
