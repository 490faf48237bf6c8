#include "checkpoint/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "checkpoint/python.h"

namespace toonmirror::checkpoint {
namespace {

using namespace toonmirror::testing;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void expect_refused(const std::string& file, const std::string& reason) {
  EXPECT_THAT([&] { read_zip(bytes_in(file)); }, ThrowsMessage<Error>(HasSubstr(reason))) << reason;
}

// The position of the last occurrence of a signature.
size_t last(const std::string& file, const std::string& signature) { return file.rfind(signature); }

const std::vector<ZipMember> kMembers = {{.name = "a/data.pkl", .content = "one"},
                                         {.name = "a/data/0", .content = "three"}};

TEST(ZipArchive, RecordsAreFoundWhereTheyLie) {
  for (const bool zip64 : {false, true}) {
    std::vector<ZipMember> members = kMembers;
    for (ZipMember& member : members) member.zip64 = zip64;
    const std::string file = zip_file(members, "a comment");
    const auto records = read_zip(bytes_in(file));
    ASSERT_EQ(records.size(), 2u);
    const ZipRecord& record = records.at("a/data/0");
    EXPECT_EQ(std::string(record.bytes.begin(), record.bytes.end()), "three");
    EXPECT_EQ(crc32_of(record.bytes), record.crc32);
    EXPECT_GE(record.bytes.data(), bytes_in(file).data());
  }
}

TEST(ZipArchive, EveryCutIsNoticed) {
  const std::string file = zip_file(kMembers);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read_zip(bytes_in(file.substr(0, size))), Error) << size;
  }
}

TEST(ZipArchive, EveryChangedByteIsNoticedOrHarmless) {
  const std::string file = zip_file(kMembers);
  for (size_t i = 0; i < file.size(); ++i) {
    for (const int change : {1, 0x80, 0xff}) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      try {
        for (const auto& [name, record] : read_zip(bytes_in(damaged))) {
          EXPECT_GE(record.bytes.data(), bytes_in(damaged).data());
          EXPECT_LE(record.bytes.data() + record.bytes.size(), bytes_in(damaged).data() + damaged.size());
        }
      } catch (const Error&) {
      }
    }
  }
}

TEST(ZipArchive, NamesThatLeadElsewhereOrOccurTwiceAreRefused) {
  for (const std::string& name :
       {"../x"s, "a/../../x"s, "/etc/passwd"s, "C:/x"s, "a\\b"s, "a\0b"s, ""s, "a/.."s}) {
    expect_refused(zip_file({{.name = name}}), "leads elsewhere: refused");
  }
  EXPECT_NO_THROW(read_zip(bytes_in(zip_file({{.name = "a..b/..c"}}))));
  expect_refused(zip_file({{.name = "a"}, {.name = "a"}}), "two records named a: refused");
}

TEST(ZipArchive, CompressedAndEncryptedRecordsAreRefused) {
  expect_refused(zip_file({{.name = "a", .method = 8}}), "compressed record a");
  expect_refused(zip_file({{.name = "a", .method = 12}}), "compressed record a");
  expect_refused(zip_file({{.name = "x/data.pkl", .method = 8}}), "compressed record x/data.pkl");
  expect_refused(zip_file({{.name = "readme.txt", .method = 8}, {.name = "a/b.pth", .method = 8}}),
                 "is a zip archive around a model file");
  expect_refused(zip_file({{.name = "a", .flags = 1}}), "encrypted");
}

TEST(ZipArchive, LyingDirectoriesAreRefused) {
  const std::string file = zip_file(kMembers);
  const size_t end = last(file, "PK\x05\x06"), entry = last(file, "PK\x01\x02");
  const auto with = [&file](size_t position, const std::string& bytes) {
    return std::string(file).replace(position, bytes.size(), bytes);
  };
  expect_refused(with(end + 16, "\xff\xff\xff\x7f"), "beyond the end");
  expect_refused(with(end + 16, "\xff\xff\xff\xff"), "directory is missing");
  expect_refused(with(end + 12, "\xff\xff\xff\x7f"), "beyond the end");
  expect_refused(with(end + 8, "\x60\xea\x60\xea"), "declares 60000 records");
  expect_refused(with(end + 8, "\1\0\1\0"s), "more than it declares");
  expect_refused(with(end + 8, "\1\0\2\0"s), "several parts");
  expect_refused(with(entry + 42, "\xff\xff\xff\x7f"), "beyond the end");
  expect_refused(with(entry + 42, "\0\0\0\0"s), "another name");
  expect_refused(with(entry + 42, "\1\0\0\0"s), "no record where one should be");
  expect_refused(with(entry + 20, "\xff\xff\0\0\xff\xff\0\0"s), "cut off");
  expect_refused(with(entry + 20, "\3\0\0\0"s), "compressed record");
  expect_refused(with(entry + 46, "b"), "another name");
  expect_refused(std::string(100, 'x'), "directory, which comes last, is missing");
}

TEST(ZipArchive, OverlappingRecordsAreRefused) {
  // The first record's content is a record itself, which the directory lists as well.
  const std::string inner = zip_file({{.name = "b", .content = "inner"}});
  const std::string file = zip_file({{.name = "a", .content = inner}, {.name = "b", .content = "inner"}});
  const size_t entry = last(file, "PK\x01\x02");
  std::string overlapping = file;
  overlapping.replace(entry + 42, 4, little_endian(static_cast<uint32_t>(file.find("PK\x03\x04", 4))));
  expect_refused(overlapping, "overlap");
}

}  // namespace
}  // namespace toonmirror::checkpoint
