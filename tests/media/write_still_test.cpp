#include <gtest/gtest.h>

#include <filesystem>

#include "fixtures.h"
#include "media/still.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::pattern_still;
using testing::psnr;
using toonmirror::testing::TemporaryFolder;

TEST(WriteStill, LosslessFormatsGiveTheSamePixelsBack) {
  const TemporaryFolder folder;
  const StillImage image = pattern_still(57, 33, 5);
  for (const char* name : {"a.png", "a.bmp", "a.tif", "a.TIFF"}) {
    write_still(folder / name, image);
    EXPECT_EQ(read_still(folder / name).rgb, image.rgb) << name;
  }
}

TEST(WriteStill, LossyFormatsComeClose) {
  const TemporaryFolder folder;
  const StillImage image = pattern_still(57, 33, 5);
  for (const char* name : {"a.jpg", "a.JPEG", "a.webp"}) {
    write_still(folder / name, image, 95);
    EXPECT_GT(psnr(read_still(folder / name).rgb, image.rgb), 38.0) << name;
  }
}

TEST(WriteStill, QualityCostsBytes) {
  const TemporaryFolder folder;
  const StillImage image = pattern_still(57, 33, 5);
  for (const std::string extension : {".jpg", ".webp"}) {
    write_still(folder / ("low" + extension), image, 20);
    write_still(folder / ("high" + extension), image, 95);
    EXPECT_LT(std::filesystem::file_size(folder / ("low" + extension)),
              std::filesystem::file_size(folder / ("high" + extension)));
  }
}

TEST(WriteStill, AlphaIsKeptWhereTheFormatHasIt) {
  const TemporaryFolder folder;
  StillImage image = pattern_still(57, 33, 5);
  image.alpha.emplace(57 * 33);
  for (size_t i = 0; i < image.alpha->size(); ++i) (*image.alpha)[i] = static_cast<uint8_t>(i % 256);
  for (const char* name : {"a.png", "a.tif", "a.webp"}) {
    write_still(folder / name, image);
    const StillImage back = read_still(folder / name);
    ASSERT_TRUE(back.alpha.has_value()) << name;
    EXPECT_EQ(*back.alpha, *image.alpha) << name;
  }
  write_still(folder / "a.jpg", image);
  EXPECT_FALSE(read_still(folder / "a.jpg").alpha.has_value());
}

TEST(WriteStill, RefusesWhatItCannotWrite) {
  const TemporaryFolder folder;
  const auto error = [](const std::filesystem::path& path) {
    return testing::error_of([&] { write_still(path, pattern_still(57, 33, 5)); });
  };
  EXPECT_EQ(error(folder / "a.xyz"),
            (folder / "a.xyz").string() + ": cannot tell the kind of picture to write from its name");
  EXPECT_NE(error(folder / "none" / "a.png"), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace toonmirror::media
