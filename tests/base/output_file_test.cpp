#include "base/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::read_file;
using testing::TemporaryFolder;

size_t file_count(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(OutputFile, TargetAppearsOnlyWithCommit) {
  const TemporaryFolder folder;
  OutputFile output(folder / "clip.mp4");
  std::ofstream(output.temporary_path()) << "new";
  EXPECT_FALSE(fs::exists(folder / "clip.mp4"));
  output.commit();
  EXPECT_EQ(read_file(folder / "clip.mp4"), "new");
  EXPECT_EQ(file_count(folder.path()), 1U);
}

TEST(OutputFile, WithoutCommitThePreviousFileStaysAndNothingElseIsLeft) {
  const TemporaryFolder folder;
  folder.write("clip.mp4", "previous");
  try {
    const OutputFile output(folder / "clip.mp4");
    std::ofstream(output.temporary_path()) << "half of";
    throw Error("broken");
  } catch (const Error&) {
  }
  EXPECT_EQ(read_file(folder / "clip.mp4"), "previous");
  EXPECT_EQ(file_count(folder.path()), 1U);
}

TEST(OutputFile, TemporaryIsHiddenBesideTheTargetWithItsExtension) {
  const TemporaryFolder folder;
  const OutputFile first(folder / "clip.part1.mp4");
  const OutputFile second(folder / "clip.part1.mp4");
  EXPECT_EQ(first.temporary_path().parent_path(), folder.path());
  EXPECT_EQ(first.temporary_path().extension(), ".mp4");
  EXPECT_TRUE(first.temporary_path().filename().string().starts_with(".clip.part1.partial-"));
  EXPECT_NE(first.temporary_path(), second.temporary_path());
}

TEST(OutputFile, TakesTheLongestNameAFileCanHave) {
  const TemporaryFolder folder;
  const fs::path target = folder / (std::string(251, 'x') + ".mp4");
  OutputFile output(target);
  output.commit();
  EXPECT_TRUE(fs::exists(target));
}

TEST(OutputFile, WritesThroughASymbolicLink) {
  const TemporaryFolder folder;
  folder.write("real/clip.mp4", "previous");
  fs::create_symlink(folder / "real/clip.mp4", folder / "link.mp4");
  OutputFile output(folder / "link.mp4");
  std::ofstream(output.temporary_path()) << "new";
  output.commit();
  EXPECT_TRUE(fs::is_symlink(folder / "link.mp4"));
  EXPECT_EQ(read_file(folder / "real/clip.mp4"), "new");
}

TEST(OutputFile, NewFileHasTheUsualPermissions) {
  const TemporaryFolder folder;
  const mode_t mask = umask(0022);
  OutputFile output(folder / "clip.mp4");
  output.commit();
  umask(mask);
  EXPECT_EQ(static_cast<unsigned>(fs::status(folder / "clip.mp4").permissions()), 0644U);
}

TEST(OutputFile, RefusesTargetsThatCannotBeWrittenAndSaysWhy) {
  const TemporaryFolder folder;
  folder.write("file", "");
  const auto message = [](const fs::path& target) -> std::string {
    try {
      const OutputFile output(target);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message(folder / "none/clip.mp4"), HasSubstr("does not exist"));
  EXPECT_THAT(message(folder / "file/clip.mp4"), HasSubstr("is not a folder"));
  EXPECT_THAT(message(folder.path()), HasSubstr("is a folder"));
  EXPECT_THAT(message("/dev/null"), HasSubstr("not a regular file"));
  EXPECT_THAT(message("/proc/clip.mp4"), HasSubstr("cannot be written"));
  EXPECT_THAT(message(""), HasSubstr("no file name"));
}

TEST(OutputFile, RefusesAWriteProtectedFile) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TemporaryFolder folder;
  const fs::path target = folder.write("clip.mp4", "previous");
  fs::permissions(target, fs::perms::owner_read);
  EXPECT_THROW(OutputFile{target}, Error);
}

}  // namespace
}  // namespace toonmirror
