#include "base/file_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

std::string description_of(const std::string& head) {
  return recognise_file(std::string_view(head)).description;
}

TEST(RecogniseFile, NamesWhatUsersMistakeForAModel) {
  EXPECT_EQ(description_of(""), "empty");
  EXPECT_THAT(description_of("PK\x03\x04 and more"), HasSubstr("zip archive"));
  EXPECT_THAT(description_of("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9"), HasSubstr("before version 1.6"));
  EXPECT_THAT(description_of("\x80\x03}q"), HasSubstr("pickle"));
  EXPECT_THAT(description_of("version https://git-lfs.github.com/spec/v1\noid sha256:"),
              HasSubstr("Git-LFS"));
  EXPECT_THAT(description_of("\n  <!DOCTYPE HTML><html>"), HasSubstr("HTML"));
  EXPECT_THAT(description_of("\xef\xbb\xbf<html lang=en>"), HasSubstr("HTML"));
  EXPECT_THAT(description_of(std::string(257, '\0') + "ustar  "), HasSubstr("tar"));
  EXPECT_THAT(description_of("\0\0\0\x18"s + "ftypisom"), HasSubstr("MP4"));
  EXPECT_THAT(description_of(std::string(64, '\0')), HasSubstr("zeros"));
  EXPECT_THAT(description_of("{\"layers\": 3, \"width\": 64}"), HasSubstr("JSON"));
  EXPECT_THAT(description_of("Hello, I am a text."), HasSubstr("text"));
  EXPECT_EQ(description_of("\x01\x02\x03 noise \xff\xfe"), "");
}

// A header length may look like the beginning of anything: 0x0280 like a pickle, 0x8b1f like gzip.
TEST(RecogniseFile, SafetensorsOfAnyHeaderLength) {
  for (const std::string& length : {"\x80\x02"s, "\x1f\x8b"s, "PK"s, "\0\0"s}) {
    EXPECT_EQ(description_of(length + "\0\0\0\0\0\0{\"a\":"s), "a safetensors file");
  }
}

TEST(RecogniseFile, EveryBeginningOfASafetensorsFileIsSafeToAsk) {
  const std::string file = "\x80\x02\0\0\0\0\0\0{\"__metadata__\""s;
  for (size_t length = 0; length <= file.size(); ++length) description_of(file.substr(0, length));
}

TEST(RecogniseFile, MissingFileOrFolderIsAnError) {
  const testing::TemporaryFolder folder;
  EXPECT_THROW(recognise_file(folder / "none"), Error);
  EXPECT_THROW(recognise_file(folder.path()), Error);
  EXPECT_EQ(recognise_file(folder.write("empty", "")).description, "empty");
}

}  // namespace
}  // namespace toonmirror
