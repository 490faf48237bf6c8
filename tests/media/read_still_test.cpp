#include <gtest/gtest.h>

#include <fstream>

#include "fixtures.h"
#include "media/still.h"
#include "support/temporary_folder.h"

namespace toonmirror::media {
namespace {

using testing::pattern;
using testing::pattern_still;
using testing::psnr;
using toonmirror::testing::read_file;
using toonmirror::testing::TemporaryFolder;

TEST(ReadStill, SixteenBitsAreScaledNotCut) {
  const TemporaryFolder folder;
  std::string ramp = "P5\n256 1\n65535\n";
  for (int i = 0; i < 256; ++i) ramp += {static_cast<char>(i), static_cast<char>(i)};  // i · 257
  const StillImage image = read_still(folder.write("ramp.pgm", ramp));
  ASSERT_EQ(image.width, 256);
  for (int i = 0; i < 256; ++i) EXPECT_NEAR(image.rgb[3 * i], i, 1);
}

TEST(ReadStill, ExifTurnsThePicture) {
  const TemporaryFolder folder;
  const StillImage image = pattern_still(40, 24, 0);
  write_still(folder / "flat.jpg", image, 100);
  std::string content = read_file(folder / "flat.jpg");
  using namespace std::string_literals;
  const std::string exif = "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  content.insert(2, "\xFF\xE1\0"s + static_cast<char>(exif.size() + 2) + exif);
  const StillImage turned = read_still(folder.write("turned.jpg", content));
  ASSERT_EQ(turned.width, 24);
  ASSERT_EQ(turned.height, 40);
  const StillImage flat = read_still(folder / "flat.jpg");
  // Orientation 6: the stored picture is turned clockwise, so its first row becomes the last column.
  for (int x = 0; x < 40; ++x) {
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(turned.rgb[(x * 24 + 23) * 3 + c], flat.rgb[x * 3 + c], 2);
  }
}

TEST(ReadStill, TransparentPixelsAreWhite) {
  const TemporaryFolder folder;
  StillImage image = pattern_still(16, 16, 0);
  image.alpha.emplace(256, 255);
  for (int i = 0; i < 16; ++i) (*image.alpha)[i] = 0;
  write_still(folder / "round.png", image);
  const StillImage back = read_still(folder / "round.png");
  ASSERT_TRUE(back.alpha.has_value());
  EXPECT_EQ(*back.alpha, *image.alpha);
  for (int i = 0; i < 16 * 3; ++i) EXPECT_EQ(back.rgb[i], 255);
  for (size_t i = 16 * 3; i < back.rgb.size(); ++i) EXPECT_EQ(back.rgb[i], image.rgb[i]);
}

TEST(ReadStill, ACutOffJpegIsReadWithAWarningOrRefused) {
  const TemporaryFolder folder;
  write_still(folder / "whole.jpg", pattern_still(200, 160, 0), 95);
  EXPECT_TRUE(read_still(folder / "whole.jpg").warnings.empty());
  const std::string content = read_file(folder / "whole.jpg");
  for (const double share : {0.02, 0.3, 0.5, 0.7, 0.9}) {
    const auto cut = folder.write("cut.jpg", content.substr(0, static_cast<size_t>(content.size() * share)));
    try {
      const StillImage image = read_still(cut);
      EXPECT_EQ(image.warnings.size(), 1u) << share;
      EXPECT_EQ(image.rgb.size(), 200u * 160 * 3);
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(cut.string())) << error.what();
    }
  }
}

TEST(ReadStill, SaysWhatItCannotRead) {
  const TemporaryFolder folder;
  const auto error = [&](const std::filesystem::path& path) {
    return testing::error_of([&] { read_still(path); });
  };
  const auto text = folder.write("text.png", "hello");
  EXPECT_EQ(error(text), text.string() + ": is not a picture that can be read");
  const auto heif = folder.write("phone.heic", std::string("\0\0\0\x18"
                                                           "ftypheic",
                                                           12) +
                                                   std::string(64, '\0'));
  EXPECT_TRUE(error(heif).starts_with(heif.string() + ": is a damaged HEIF or AVIF picture")) << error(heif);
  const auto apple = folder.write("apple.png", std::string("\x89PNG\r\n\x1A\n\0\0\0\x04"
                                                           "CgBI",
                                                           16) +
                                                   std::string(64, '\0'));
  EXPECT_TRUE(error(apple).starts_with(apple.string() + ": is a PNG as Xcode packs it")) << error(apple);
  const auto moving = folder.write(
      "moving.webp", std::string("RIFF\x40\0\0\0WEBPVP8X\x0A\0\0\0\x02", 21) + std::string(64, '\0'));
  EXPECT_EQ(error(moving), moving.string() + ": is an animated WebP, which cannot be read");
  const auto empty = folder.write("empty.png", "");
  EXPECT_EQ(error(empty), empty.string() + ": is empty");
}

struct Sample {
  const char* name;
  int width, height;
};

class SampleStills : public ::testing::TestWithParam<Sample> {};

TEST_P(SampleStills, HasTheStatedSize) {
  const std::filesystem::path folder = testing::sample_folder();
  if (folder.empty()) GTEST_SKIP() << "no folder of sample media";
  const StillImage image = read_still(folder / GetParam().name);
  EXPECT_EQ(image.width, GetParam().width);
  EXPECT_EQ(image.height, GetParam().height);
  // A portrait or a landscape, not a flat field as a wrong scale of 16 bits or inverted inks would give.
  double sum = 0;
  for (const uint8_t value : image.rgb) sum += value;
  const double mean = sum / static_cast<double>(image.rgb.size());
  EXPECT_GT(mean, 50);
  EXPECT_LT(mean, 220);
}

INSTANTIATE_TEST_SUITE_P(
    Media, SampleStills,
    ::testing::Values(Sample{"still_gray.jpg", 512, 512}, Sample{"still_cmyk.jpg", 512, 512},
                      Sample{"still_exif6.jpg", 480, 600}, Sample{"still_16bit.png", 384, 384},
                      Sample{"still_alpha.png", 384, 384}, Sample{"still_truncated.jpg", 512, 512}));

}  // namespace
}  // namespace toonmirror::media
