#include "checkpoint/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::checkpoint {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using toonmirror::testing::TemporaryFolder;

TEST(MappedFile, ReadsWhatIsInTheFileWhateverWasWrittenToTheMapping) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("x", "0123456789"));
  ASSERT_EQ(file.bytes().size(), 10u);
  file.bytes()[4] = 'x';
  std::string copy(4, ' ');
  file.read(file.bytes().data() + 3, {reinterpret_cast<uint8_t*>(copy.data()), copy.size()});
  EXPECT_EQ(copy, "3456");
  EXPECT_EQ(toonmirror::testing::read_file(folder / "x"), "0123456789");
}

TEST(MappedFile, KnowsWhatLiesInIt) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("x", "0123456789"));
  const uint8_t* begin = file.bytes().data();
  EXPECT_TRUE(file.contains(begin, 10));
  EXPECT_TRUE(file.contains(begin + 10, 0));
  EXPECT_FALSE(file.contains(begin + 1, 10));
  EXPECT_FALSE(file.contains(begin, ~uint64_t{0}));
  EXPECT_FALSE(file.contains(nullptr, 0));
}

TEST(MappedFile, WhatWasForgottenComesBackAndTheRestStays) {
  const TemporaryFolder folder;
  const std::string content(100'000, 'a');
  const MappedFile file(folder.write("x", content));
  const std::span<uint8_t> bytes = file.bytes();
  file.forget(bytes.subspan(5'000, 90'000));
  file.forget(bytes.last(10));
  std::vector<uint8_t> elsewhere(100'000, 'b');
  file.forget(elsewhere);
  EXPECT_TRUE(std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 'a'; }));
  EXPECT_TRUE(std::ranges::all_of(elsewhere, [](uint8_t byte) { return byte == 'b'; }));
}

TEST(MappedFile, FilesThatShrinkAreNoticedWhenTheyAreRead) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("x", "0123456789"));
  std::filesystem::resize_file(folder / "x", 5);
  std::string copy(10, ' ');
  EXPECT_THAT(
      [&] {
        file.read(file.bytes().data(), {reinterpret_cast<uint8_t*>(copy.data()), copy.size()});
      },
      ThrowsMessage<Error>(HasSubstr("was shortened")));
}

TEST(MappedFile, WhatIsNoFileIsRefusedWithoutWaiting) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto expect = [](const std::filesystem::path& path, const char* reason) {
    EXPECT_THAT([&] { MappedFile file(path); }, ThrowsMessage<Error>(HasSubstr(reason)));
  };
  expect(folder / "none", "cannot be opened");
  expect(folder.path(), "is not a file");
  expect(folder / "pipe", "is not a file");
  expect(folder.write("empty", ""), "is empty");
}

}  // namespace
}  // namespace toonmirror::checkpoint
