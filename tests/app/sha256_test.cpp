#include "app/sha256.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::app {
namespace {

// Examples of FIPS 180-2, appendix B: one block, and a million times "a".
TEST(Sha256, AgreesWithTheStandard) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(sha256_of_file(folder.write("abc", "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_file(folder.write("a", std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_of_file(folder.write("empty", "")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, DependsOnEveryByteAcrossPieces) {
  const testing::TemporaryFolder folder;
  std::string content((1 << 20) + 1, 'x');
  const std::string before = sha256_of_file(folder.write("file", content));
  content.back() = 'y';
  EXPECT_NE(sha256_of_file(folder.write("file", content)), before);
}

TEST(Sha256, MissingFileIsAnError) { EXPECT_THROW(sha256_of_file("no-such-file"), Error); }

}  // namespace
}  // namespace toonmirror::app
