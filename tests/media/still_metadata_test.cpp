#include "media/still_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lcms2.h>

#include <exiv2/exiv2.hpp>

#include "fixtures.h"
#include "media/colour_profile.h"
#include "media/still.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::pattern_still;
using testing::psnr;
using toonmirror::testing::TemporaryFolder;

constexpr int kDisplayP3 = 12;
constexpr const char* kDate = "2024:05:06 07:08:09";

StillMetadata some_metadata() {
  Exiv2::ExifData exif;
  exif["Exif.Photo.DateTimeOriginal"] = kDate;
  exif["Exif.Image.Make"] = "Maker";
  exif["Exif.GPSInfo.GPSLatitudeRef"] = "N";
  exif["Exif.Image.Orientation"] = uint16_t{6};
  Exiv2::Blob blob;
  Exiv2::ExifParser::encode(blob, Exiv2::littleEndian, exif);
  return metadata_from_exif(blob);
}

Exiv2::ExifData exif_of(const StillMetadata& metadata) {
  Exiv2::ExifData exif;
  Exiv2::ExifParser::decode(exif, metadata.exif.data(), static_cast<uint32_t>(metadata.exif.size()));
  return exif;
}

TEST(StillMetadata, IsKeptByEveryFormatThatHoldsItAndStandsUpright) {
  const TemporaryFolder folder;
  StillImage image = pattern_still(64, 48, 3);
  image.metadata = some_metadata();
  for (const char* name : {"a.jpg", "a.png", "a.webp", "a.tif", "a.avif"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(write_still(folder / name, image), ::testing::IsEmpty());
    const StillImage back = read_still(folder / name);
    ASSERT_FALSE(back.metadata.exif.empty());
    Exiv2::ExifData exif = exif_of(back.metadata);
    EXPECT_EQ(exif["Exif.Photo.DateTimeOriginal"].toString(), kDate);
    EXPECT_EQ(exif["Exif.Image.Make"].toString(), "Maker");
    EXPECT_EQ(exif["Exif.GPSInfo.GPSLatitudeRef"].toString(), "N");
    EXPECT_EQ(exif["Exif.Image.Orientation"].toString(), "1");
    EXPECT_EQ(back.width, image.width);
    EXPECT_GT(psnr(back.rgb, image.rgb), 30.0);
  }
}

TEST(StillMetadata, IsSaidToBeLeftOutWhereAFormatHoldsNone) {
  const TemporaryFolder folder;
  StillImage image = pattern_still(64, 48, 3);
  EXPECT_THAT(write_still(folder / "a.bmp", image), ::testing::IsEmpty());
  image.metadata = some_metadata();
  EXPECT_THAT(
      write_still(folder / "a.bmp", image),
      ::testing::ElementsAre(::testing::HasSubstr("a.bmp: date, place and colour profile are left out")));
}

TEST(StillMetadata, DamagedBlocksAreNone) {
  EXPECT_TRUE(read_metadata(std::vector<uint8_t>{1, 2, 3}).empty());
  EXPECT_TRUE(metadata_from_exif(std::vector<uint8_t>(40, 0xff)).empty());
}

TEST(ColourProfile, SrgbPicturesStayAsTheyAre) {
  const std::vector<uint8_t> rgb = testing::pattern(64, 48, 3);
  cmsHPROFILE srgb = cmsCreate_sRGBProfile();
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(srgb, nullptr, &size);
  std::vector<uint8_t> icc(size);
  cmsSaveProfileToMem(srgb, icc.data(), &size);
  cmsCloseProfile(srgb);
  EXPECT_EQ(to_srgb(rgb, icc), rgb);
  EXPECT_TRUE(profile_of_primaries(1).empty());
}

TEST(ColourProfile, WiderColoursAreNarrowedAndGrayIsGray) {
  const std::vector<uint8_t> p3 = profile_of_primaries(kDisplayP3);
  ASSERT_TRUE(is_rgb_profile(p3));
  // P3's (200, 100, 100) is further from grey than sRGB's.
  const std::vector<uint8_t> narrowed = to_srgb({200, 100, 100, 128, 128, 128}, p3);
  EXPECT_GT(narrowed[0], 203);
  EXPECT_LT(narrowed[1], 98);
  for (size_t i = 3; i < 6; ++i) EXPECT_NEAR(narrowed[i], 128, 1);
  const std::vector<uint8_t> back = from_srgb(narrowed, p3);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(back[i], (std::vector<int>{200, 100, 100})[i], 2);
}

TEST(ColourProfile, PhotosAreReadInSrgbAndWrittenInTheirOwnColours) {
  const TemporaryFolder folder;
  const StillImage plain = pattern_still(64, 48, 3);
  StillImage image = plain;
  image.icc = profile_of_primaries(kDisplayP3);
  write_still(folder / "p3.png", image);

  StillImage read = read_still(folder / "p3.png");
  ASSERT_FALSE(read.icc.empty());
  EXPECT_EQ(read.own_rgb, plain.rgb);
  EXPECT_EQ(read.rgb, to_srgb(plain.rgb, image.icc));

  // What nothing was drawn over is what it was, also where sRGB lacks the colour.
  for (size_t i = 0; i < 30; ++i) read.rgb[i] = 90;
  for (const char* name : {"a.png", "a.tif"}) {
    write_still(folder / name, read);
    const StillImage again = read_still(folder / name);
    ASSERT_EQ(again.own_rgb.size(), plain.rgb.size()) << name;
    EXPECT_TRUE(std::equal(plain.rgb.begin() + 30, plain.rgb.end(), again.own_rgb.begin() + 30)) << name;
    for (size_t i = 0; i < 30; ++i) EXPECT_NEAR(again.rgb[i], 90, 1) << name;
  }
  write_still(folder / "a.bmp", read);
  EXPECT_EQ(read_still(folder / "a.bmp").rgb, read.rgb);
}

TEST(ColourProfile, ProfilesOfOtherThanRgbAreNone) {
  EXPECT_FALSE(is_rgb_profile(std::vector<uint8_t>{1, 2, 3}));
  cmsHPROFILE grey = cmsCreateLab4Profile(nullptr);
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(grey, nullptr, &size);
  std::vector<uint8_t> icc(size);
  cmsSaveProfileToMem(grey, icc.data(), &size);
  cmsCloseProfile(grey);
  EXPECT_FALSE(is_rgb_profile(icc));
}

TEST(Avif, KeepsTransparency) {
  const TemporaryFolder folder;
  StillImage image = pattern_still(64, 48, 3);
  image.alpha.emplace(64 * 48, 255);
  for (size_t i = 0; i < 64 * 20; ++i) (*image.alpha)[i] = 0;
  for (size_t i = 0; i < 64 * 20 * 3; ++i) image.rgb[i] = 255;
  write_still(folder / "a.avif", image, 95);
  const StillImage back = read_still(folder / "a.avif");
  ASSERT_TRUE(back.alpha.has_value());
  EXPECT_LT((*back.alpha)[0], 10);
  EXPECT_GT(back.alpha->back(), 245);
}

}  // namespace
}  // namespace toonmirror::media
