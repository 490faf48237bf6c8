#include "checkpoint/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "checkpoint/python.h"
#include "support/temporary_folder.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<float> kNumbers = {1, 2, 3, 4, 5, 6};

// A zip checkpoint of tensors in one storage "0" of six floats, which begin at a multiple of 4 plus `shift`.
std::string zip_checkpoint(const std::vector<std::pair<std::string, std::string>>& tensors, size_t shift = 0,
                           uint32_t crc_error = 0) {
  constexpr size_t kHeaders = 3 * 30 + std::string_view(
                                           "x/data.pkl"
                                           "x/pad"
                                           "x/data/0")
                                           .size();
  const std::string pickle = pickled(py_dict(tensors));
  const std::string padding((4 + shift - (kHeaders + pickle.size()) % 4) % 4, ' ');
  return zip_file({{.name = "x/data.pkl", .content = pickle},
                   {.name = "x/pad", .content = padding},
                   {.name = "x/data/0", .content = bytes_of(kNumbers), .crc_error = crc_error}});
}
std::string tensor_of(int64_t offset, const std::vector<int64_t>& sizes,
                      const std::vector<int64_t>& strides) {
  return py_tensor(py_storage({.count = 6}), offset, sizes, strides);
}

TEST(CheckpointFile, ViewsHaveTheirStridesWhetherAlignedOrNot) {
  const TemporaryFolder folder;
  for (size_t shift = 0; shift < 4; ++shift) {
    const CheckpointFile file(folder.write("x.pt", zip_checkpoint({{"rows", tensor_of(0, {2, 3}, {3, 1})},
                                                                   {"columns", tensor_of(0, {3, 2}, {1, 3})},
                                                                   {"tail", tensor_of(4, {2}, {1})},
                                                                   {"same", tensor_of(1, {2, 2}, {0, 0})},
                                                                   {"none", tensor_of(0, {0, 2}, {2, 1})}},
                                                                  shift)));
    EXPECT_EQ(file.format(), Format::kTorchZip);
    const at::Tensor rows = at::tensor(kNumbers).reshape({2, 3});
    EXPECT_TRUE(at::equal(file.tensor("rows"), rows));
    EXPECT_TRUE(at::equal(file.tensor("columns"), rows.t()));
    EXPECT_TRUE(at::equal(file.tensor("tail"), at::tensor({5.0f, 6.0f})));
    EXPECT_TRUE(at::equal(file.tensor("same"), at::full({2, 2}, 2.0f)));
    EXPECT_EQ(file.tensor("none").numel(), 0);
    // One storage, one memory.
    EXPECT_EQ(file.tensor("rows").data_ptr(), file.tensor("columns").data_ptr());
    EXPECT_EQ(file.tensors().at("columns").shape, (std::vector<int64_t>{3, 2}));
  }
}

TEST(CheckpointFile, TensorsOutliveTheFileAndNeverWriteToIt) {
  const TemporaryFolder folder;
  for (size_t shift = 0; shift < 2; ++shift) {
    const auto path = folder.write("x.pt", zip_checkpoint({{"a", tensor_of(0, {6}, {1})}}, shift));
    at::Tensor kept = CheckpointFile(path).tensor("a");
    kept.add_(1.0);
    EXPECT_EQ(kept.sum().item<float>(), 27.0f);
    EXPECT_EQ(CheckpointFile(path).tensor("a").sum().item<float>(), 21.0f);
  }
}

TEST(CheckpointFile, ChecksumsOfRecordsAreCheckedWhenTheyAreLoaded) {
  const TemporaryFolder folder;
  for (size_t shift = 0; shift < 2; ++shift) {
    const CheckpointFile file(
        folder.write("x.pt", zip_checkpoint({{"a", tensor_of(0, {6}, {1})}}, shift, 1)));
    for (int attempt = 0; attempt < 2; ++attempt) {
      EXPECT_THAT([&] { file.tensor("a"); },
                  ThrowsMessage<Error>(AllOf(HasSubstr("x.pt: tensor a"), HasSubstr("checksum"))));
    }
  }
}

TEST(CheckpointFile, BytesThatAreNoTruthValuesBecomeOnes) {
  const TemporaryFolder folder;
  const std::string pickle =
      pickled(py_dict({{"a", py_tensor(py_storage({.type = "BoolStorage", .count = 3}), 0, {3}, {1})}}));
  const CheckpointFile file(folder.write("x.pt", zip_file({{.name = "x/data.pkl", .content = pickle},
                                                           {.name = "x/data/0", .content = "\0\1\xff"s}})));
  EXPECT_EQ(file.tensor("a").sum().item<int64_t>(), 2);
}

TEST(CheckpointFile, ManyThreadsMayLoadAtOnce) {
  const TemporaryFolder folder;
  const CheckpointFile file(folder.write("x.pt", zip_checkpoint({{"a", tensor_of(0, {6}, {1})}}, 1)));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = file] {
      for (int round = 0; round < 100; ++round) EXPECT_EQ(copy.tensor("a").sum().item<float>(), 21.0f);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CheckpointFile, EveryFormatIsRecognisedByItsContent) {
  const TemporaryFolder folder;
  const auto format = [&folder](const std::string& content) {
    const CheckpointFile file(folder.write("whatever.safetensors", content));
    EXPECT_EQ(file.tensors().size(), 1u);
    EXPECT_TRUE(at::equal(file.tensor(file.tensors().begin()->first).flatten(), at::tensor(kNumbers)));
    return file.format();
  };
  write_safetensors(folder / "x.pkl", {{"a", at::tensor(kNumbers)}}, {{"key", "value"}});
  EXPECT_EQ(format(read_file(folder / "x.pkl")), Format::kSafetensors);
  EXPECT_EQ(CheckpointFile(folder / "x.pkl").metadata().at("key"), "value");
  EXPECT_TRUE(CheckpointFile(folder / "x.pkl").settings().empty());
  EXPECT_EQ(format(pickled(py_network({{"a", py_floats({6}, kNumbers)}}))), Format::kTensorFlowPickle);
  EXPECT_EQ(format(zip_checkpoint({{"a", tensor_of(0, {6}, {1})}})), Format::kTorchZip);
  const std::string storage = py_storage({.count = 6, .legacy = true});
  const std::string legacy = legacy_file(py_tensor(storage, 0, {6}, {1}), {{"0", 6, bytes_of(kNumbers)}});
  EXPECT_EQ(format(legacy), Format::kTorchLegacy);
  const std::string nested = py_call(py_global("torch.storage", "_load_from_bytes"),
                                     {py_bytes(legacy_file(storage, {{"0", 6, bytes_of(kNumbers)}}))});
  EXPECT_EQ(format(pickled(py_tensor(nested, 0, {6}, {1}))), Format::kAdaPickle);
  // Protocol 0 has no mark at its beginning.
  EXPECT_EQ(format(py_network({{"a", py_floats({6}, kNumbers)}}) + "."), Format::kTensorFlowPickle);
}

TEST(CheckpointFile, WhatIsNoModelIsNamedWithWhatToDo) {
  const TemporaryFolder folder;
  const auto expect = [&folder](const std::string& content, const char* description, const char* hint) {
    const auto path = folder.write("x.pt", content);
    try {
      CheckpointFile file(path);
      ADD_FAILURE() << description;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(path.string() + ": "), HasSubstr(description)));
      EXPECT_THAT(error.hint(), HasSubstr(hint)) << description;
    }
  };
  expect("", "is empty", "again");
  expect("\n<!DOCTYPE html><html>Sign in</html>", "an HTML page", "download it again");
  expect("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git-LFS pointer", "git lfs pull");
  expect("\x1f\x8b\x08 compressed", "gzip", "unpack");
  expect(std::string(257, 'x') + "ustar" + std::string(300, 'y'), "a tar archive", "not tar archives");
  expect("\x89PNG\r\n\x1a\n and more", "a PNG picture", ".safetensors");
  expect("{\"error\": \"quota exceeded\"}", "a JSON file", ".safetensors");
  expect(std::string(600, '\0'), "zeros", "again");
  expect("\x01\x02\x03\xff\xfe what", "not a model file of any known format", ".safetensors");
  expect("PK\x03\x04 and the download ends here", "cut off", "download it again");
  expect(pickled("}"), "holds no tensors", "weights");
  expect(pickled(py_dict({{"a", py_floats({1}, {1})}})), "not of a network", "source you trust");
  expect(pickled(py_call(py_global("posix", "system"), {py_text("echo")})), "refers to posix.system: refused",
         "nothing of it was executed");
}

TEST(CheckpointFile, MissingTensorsAreNamed) {
  const TemporaryFolder folder;
  const CheckpointFile file(folder.write("x.pt", zip_checkpoint({{"a", tensor_of(0, {6}, {1})}})));
  EXPECT_THAT([&] { file.tensor("b"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("x.pt"), HasSubstr("no tensor named b"))));
}

}  // namespace
}  // namespace toonmirror::checkpoint
