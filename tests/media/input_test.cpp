#include "media/input.h"

#include <gtest/gtest.h>

#include "fixtures.h"
#include "media/probe.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::error_of;
using toonmirror::testing::TemporaryFolder;

std::string probe_error(const std::filesystem::path& path) {
  return error_of([&] { probe(path); });
}

TEST(Input, SaysInOneLineWhatIsWrong) {
  const TemporaryFolder folder;
  const auto says = [&](const std::filesystem::path& path, const std::string& what) {
    EXPECT_EQ(probe_error(path), path.string() + what);
  };
  says(folder / "none.mp4", ": no such file");
  says(folder.path(), ": is a folder");
  says("/dev/null", ": is not a regular file");
  says(folder.write("empty.mp4", ""), ": is empty");
  says(folder.write("text.mp4", "This is no video, only some words that go on for a while.\n"),
       ": is not a video or picture FFmpeg can read");
  says(folder.write("list.txt", "file 'other.mp4'\n"), ": is not a video or picture FFmpeg can read");
}

TEST(Input, TellsVideosFromStills) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mp4", {});
  EXPECT_EQ(probe(folder / "clip.mp4"), InputKind::kVideo);
  std::filesystem::copy(folder / "clip.mp4", folder / "clip.jpg");
  EXPECT_EQ(probe(folder / "clip.jpg"), InputKind::kVideo) << "by content, not by name";
  const auto bmp =
      folder.write("photo.mp4", std::string("BM\x3A\0\0\0\0\0\0\0\x36\0\0\0", 14) + std::string(44, '\0'));
  EXPECT_EQ(probe(bmp), InputKind::kStill);
  EXPECT_EQ(error_of([&] { VideoReader reader(bmp); }), bmp.string() + ": is a picture, not a video");
}

TEST(Input, NoticesAMissingIndex) {
  const TemporaryFolder folder;
  testing::write_clip(folder / "clip.mov", {});
  std::string content = toonmirror::testing::read_file(folder / "clip.mov");
  const size_t index = content.find("moov");
  ASSERT_NE(index, std::string::npos);
  content.replace(index, 4, "junk");
  const auto cut = folder.write("cut.mov", content);
  EXPECT_EQ(probe_error(cut), cut.string() + ": cannot be read: its index is missing, the file was cut off");
}

}  // namespace
}  // namespace toonmirror::media
