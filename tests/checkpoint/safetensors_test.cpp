#include "checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace toonmirror::checkpoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using toonmirror::testing::TemporaryFolder;

// A file of that header and that many bytes of data.
std::string file_of(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header + std::string(data_bytes, '\x01');
}

TEST(Safetensors, RoundTripKeepsValuesTypesAndMetadata) {
  const TemporaryFolder folder;
  torch::manual_seed(1);
  const NamedTensors tensors = {{"float", at::randn({2, 3})},
                                {"half", at::randn({5}).to(at::kHalf)},
                                {"bfloat", at::randn({4}).to(at::kBFloat16)},
                                {"bytes", at::randint(0, 255, {3, 1, 2}, at::kByte)},
                                {"long", at::arange(7)},
                                {"bool", at::ones({2}, at::kBool)},
                                {"scalar", at::tensor(2.5f)},
                                {"none", at::empty({0, 4})},
                                {"transposed", at::randn({3, 4}).t()}};
  write_safetensors(folder / "x.safetensors", tensors, {{"key", "value \"quoted\" ü"}});
  const SafetensorsFile file(folder / "x.safetensors");
  EXPECT_EQ(file.metadata(), (Metadata{{"key", "value \"quoted\" ü"}}));
  ASSERT_EQ(file.tensors().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor read = file.tensor(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
  }
}

TEST(Safetensors, TensorsOutliveTheFileAndNeverWriteToIt) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {{"a", at::ones({4})}}, {});
  at::Tensor kept = SafetensorsFile(folder / "x.safetensors").tensor("a");
  kept.add_(1.0);
  EXPECT_EQ(kept.sum().item<float>(), 8.0f);
  EXPECT_EQ(SafetensorsFile(folder / "x.safetensors").tensor("a").sum().item<float>(), 4.0f);
}

TEST(Safetensors, AFailedWriteLeavesThePreviousFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", {{"a", at::ones({4})}}, {});
  EXPECT_THROW(write_safetensors(folder / "x.safetensors", {{"a", at::ones({4}, at::kComplexFloat)}}, {}),
               Error);
  EXPECT_EQ(SafetensorsFile(folder / "x.safetensors").tensor("a").sum().item<float>(), 4.0f);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

struct Damage {
  const char* header;
  size_t data_bytes;
  const char* reason;
};

class Damaged : public ::testing::TestWithParam<Damage> {};

TEST_P(Damaged, IsRefusedWithTheReason) {
  const TemporaryFolder folder;
  const auto path = folder.write("x.safetensors", file_of(GetParam().header, GetParam().data_bytes));
  EXPECT_THAT([&] { SafetensorsFile file(path); }, ThrowsMessage<Error>(HasSubstr(GetParam().reason)));
}

INSTANTIATE_TEST_SUITE_P(
    Headers, Damaged,
    ::testing::Values(
        Damage{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "beyond the end"},
        Damage{R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "does not match its shape"},
        Damage{R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "negative dimension"},
        Damage{R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}})", 8,
               "overflows"},
        Damage{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "beyond the end"},
        Damage{
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[2,10]}})",
            10, "overlap"},
        Damage{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "belong to no tensor"},
        Damage{R"({"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}})", 4, "unknown tensor type X9"},
        Damage{
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
            2, "occurs twice"},
        Damage{R"({"a":)", 0, "not valid JSON"}, Damage{R"({"a":[[[[[[1]]]]]]})", 0, "nested too deeply"}));

TEST(Safetensors, SaysWhatAnotherFileLooksLike) {
  const TemporaryFolder folder;
  const auto expect = [&](const std::string& content, const std::string& reason) {
    const auto path = folder.write("x", content);
    EXPECT_THAT([&] { SafetensorsFile file(path); }, ThrowsMessage<Error>(HasSubstr(reason)));
  };
  expect("", "is empty");
  expect("abc", "too short");
  expect("<!DOCTYPE html><html>nothing here</html>", "HTML page");
  expect("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git-LFS pointer");
  expect(std::string("PK\x03\x04", 4) + std::string(60, 'x'), "zip archive");
  EXPECT_THAT([&] { SafetensorsFile file(folder / "absent"); },
              ThrowsMessage<Error>(HasSubstr("cannot be opened")));
  EXPECT_THAT([&] { SafetensorsFile file(folder.path()); }, ThrowsMessage<Error>(HasSubstr("is not a file")));
}

TEST(Conformance, HostileSafetensorsAreRefused) {
  const auto cases = testing::conformance_cases("A7-hostile");
  if (cases.empty()) GTEST_SKIP() << "no conformance data (set TOONMIRROR_CONFORMANCE)";
  for (const auto& folder : cases) {
    int refused = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() != ".safetensors") continue;
      if (name.starts_with("control")) {
        EXPECT_FALSE(SafetensorsFile(entry.path()).tensors().empty()) << name;
      } else {
        EXPECT_THROW(SafetensorsFile file(entry.path()), Error) << name;
        ++refused;
      }
    }
    EXPECT_GT(refused, 0);
  }
}

}  // namespace
}  // namespace toonmirror::checkpoint
