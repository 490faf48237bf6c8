#include "app/batch.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace toonmirror::app {
namespace {

using media::InputKind;
using ::testing::ElementsAre;
using toonmirror::testing::TemporaryFolder;

class Inputs : public ::testing::Test {
 protected:
  Inputs() {
    for (const char* name : {"b.mp4", "a.JPG", "notes.txt", ".hidden.png", "sub/c.mp4"})
      folder_.write(name, "x");
  }
  std::string at(const std::string& name) const { return folder_ / name; }

  TemporaryFolder folder_;
};

TEST_F(Inputs, FoldersGiveTheirPhotosAndVideos) {
  EXPECT_THAT(expand_inputs({folder_.path()}), ElementsAre(at("a.JPG"), at("b.mp4")));
  EXPECT_THROW(expand_inputs({TemporaryFolder().path()}), Error);
}

TEST_F(Inputs, PatternsAreThoseOfShells) {
  EXPECT_THAT(expand_inputs({at("*.mp4")}), ElementsAre(at("b.mp4")));
  EXPECT_THAT(expand_inputs({at("[ab].*")}), ElementsAre(at("a.JPG"), at("b.mp4")));
  EXPECT_THROW(expand_inputs({at("*.gif")}), Error);
}

TEST_F(Inputs, AFileMayBeNamedLikeAPattern) {
  folder_.write("odd[1].mp4", "x");
  EXPECT_THAT(expand_inputs({at("odd[1].mp4")}), ElementsAre(at("odd[1].mp4")));
}

TEST_F(Inputs, EachFileCountsOnce) {
  EXPECT_THAT(expand_inputs({at("b.mp4"), at("*.mp4"), at("missing.mp4")}),
              ElementsAre(at("b.mp4"), at("missing.mp4")));
}

TEST(ResultNames, KeepTheExtensionWhereItCanBeWritten) {
  ResultNames names("out");
  EXPECT_EQ(names.result_of("x/a.mkv", InputKind::kVideo), "out/a.mkv");
  EXPECT_EQ(names.result_of("x/b.mpg", InputKind::kVideo), "out/b.mp4");
  EXPECT_EQ(names.result_of("x/c.gif", InputKind::kVideo), "out/c.mp4");
  EXPECT_EQ(names.result_of("x/d.JPG", InputKind::kStill), "out/d.JPG");
  EXPECT_EQ(names.result_of("x/e.jp2", InputKind::kStill), "out/e.png");
  EXPECT_EQ(names.result_of("x/f.HEIC", InputKind::kStill), "out/f.jpg");
  EXPECT_EQ(names.result_of("x/f", InputKind::kVideo), "out/f.mp4");
}

TEST(ResultNames, NeverNameTwoResultsAlike) {
  ResultNames names("out");
  EXPECT_EQ(names.result_of("x/a.mp4", InputKind::kVideo), "out/a.mp4");
  EXPECT_EQ(names.result_of("y/a.mp4", InputKind::kVideo), "out/a-2.mp4");
  EXPECT_EQ(names.result_of("y/a-2.mp4", InputKind::kVideo), "out/a-2-2.mp4");
  EXPECT_EQ(names.result_of("z/A.mpg", InputKind::kVideo), "out/A-3.mp4");
}

}  // namespace
}  // namespace toonmirror::app
