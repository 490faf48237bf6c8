#include "media/exif.h"

#include <gtest/gtest.h>

#include <string>

namespace toonmirror::media {
namespace {

using namespace std::string_literals;

// A TIFF structure with two tags: an image width, then the orientation.
std::string tiff(int orientation, bool big_endian) {
  const auto two = [&](int v) {
    const char high = static_cast<char>(v >> 8), low = static_cast<char>(v);
    return big_endian ? std::string{high, low} : std::string{low, high};
  };
  const auto four = [&](int v) { return big_endian ? "\0\0"s + two(v) : two(v) + "\0\0"s; };
  const std::string width = two(0x0100) + two(3) + four(1) + two(640) + "\0\0"s;
  const std::string turn = two(0x0112) + two(3) + four(1) + two(orientation) + "\0\0"s;
  return (big_endian ? "MM\0*"s : "II*\0"s) + four(8) + two(2) + width + turn + four(0);
}

std::string with_length(const std::string& marker, const std::string& body) {
  const size_t length = body.size() + 2;
  return marker + static_cast<char>(length >> 8) + static_cast<char>(length) + body;
}

std::string jpeg(const std::string& exif) {
  return "\xFF\xD8"s + with_length("\xFF\xE0", "JFIF\0\1\1\0\0\1\0\1\0\0"s) +
         with_length("\xFF\xE1", "Exif\0\0"s + exif) + "\xFF\xDA"s;
}

std::string png(const std::string& exif) {
  const std::string length = {'\0', '\0', static_cast<char>(exif.size() >> 8),
                              static_cast<char>(exif.size())};
  return "\x89PNG\r\n\x1A\n"s + "\0\0\0\0gAMA...."s + length + "eXIf" + exif + "....";
}

std::string webp(const std::string& exif) {
  const std::string length = {static_cast<char>(exif.size()), static_cast<char>(exif.size() >> 8), '\0',
                              '\0'};
  return "RIFF....WEBP"s + "VP8 \3\0\0\0abc\0"s + "EXIF" + length + exif;
}

int orientation(PictureFormat format, const std::string& file) {
  return exif_orientation(format, {reinterpret_cast<const uint8_t*>(file.data()), file.size()});
}

TEST(Exif, FindsEveryOrientationInEveryFormat) {
  for (const bool big_endian : {false, true}) {
    for (int value = 1; value <= 8; ++value) {
      const std::string exif = tiff(value, big_endian);
      EXPECT_EQ(orientation(PictureFormat::kTiff, exif), value);
      EXPECT_EQ(orientation(PictureFormat::kJpeg, jpeg(exif)), value);
      EXPECT_EQ(orientation(PictureFormat::kPng, png(exif)), value);
      EXPECT_EQ(orientation(PictureFormat::kWebp, webp(exif)), value);
      EXPECT_EQ(orientation(PictureFormat::kWebp, webp("Exif\0\0"s + exif)), value);
    }
  }
}

TEST(Exif, NonsenseIsUpright) {
  EXPECT_EQ(orientation(PictureFormat::kJpeg, jpeg(tiff(0, true))), 1);
  EXPECT_EQ(orientation(PictureFormat::kJpeg, jpeg(tiff(9, false))), 1);
  EXPECT_EQ(orientation(PictureFormat::kJpeg, jpeg("")), 1);
  EXPECT_EQ(orientation(PictureFormat::kBmp, tiff(6, true)), 1);
}

TEST(Exif, CutOffAnywhereIsHarmless) {
  const std::string exif = tiff(6, true);
  const std::pair<PictureFormat, std::string> files[] = {{PictureFormat::kTiff, exif},
                                                         {PictureFormat::kJpeg, jpeg(exif)},
                                                         {PictureFormat::kPng, png(exif)},
                                                         {PictureFormat::kWebp, webp(exif)}};
  for (const auto& [format, file] : files) {
    for (size_t length = 0; length < file.size(); ++length) {
      const int value = orientation(format, file.substr(0, length));
      EXPECT_TRUE(value == 1 || value == 6);
    }
  }
}

}  // namespace
}  // namespace toonmirror::media
