#include "media/picture_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

namespace toonmirror::media {

namespace {

bool starts_with(std::string_view content, std::string_view magic) { return content.starts_with(magic); }

using namespace std::string_view_literals;

// An animated PNG announces itself by an acTL chunk before the first image data.
bool is_animated_png(std::string_view content) {
  const size_t animation = content.find("acTL"sv);
  return animation != std::string_view::npos && animation < content.find("IDAT"sv);
}

bool is_heif(std::string_view content) {
  static constexpr std::array<std::string_view, 8> kBrands = {"heic"sv, "heix"sv, "heim"sv, "heis"sv,
                                                              "mif1"sv, "msf1"sv, "avif"sv, "avis"sv};
  return content.size() >= 12 && content.substr(4, 4) == "ftyp"sv &&
         std::ranges::find(kBrands, content.substr(8, 4)) != kBrands.end();
}

}  // namespace

PictureFormat picture_format(std::span<const uint8_t> bytes) {
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (starts_with(content, "\xFF\xD8\xFF"sv)) return PictureFormat::kJpeg;
  if (starts_with(content, "\x89PNG\r\n\x1A\n"sv)) {
    return is_animated_png(content) ? PictureFormat::kNone : PictureFormat::kPng;
  }
  if (starts_with(content, "RIFF"sv) && content.size() >= 12 && content.substr(8, 4) == "WEBP"sv) {
    return PictureFormat::kWebp;
  }
  // BMP: two letters, then a size and zeros up to the offset of the pixels, whose header is at least 12 bytes
  // long.
  if (starts_with(content, "BM"sv) && content.size() >= 18 && content.substr(6, 4) == "\0\0\0\0"sv) {
    return PictureFormat::kBmp;
  }
  if (starts_with(content, "II*\0"sv) || starts_with(content, "MM\0*"sv)) return PictureFormat::kTiff;
  if (content.size() >= 3 && content[0] == 'P' && content[1] >= '1' && content[1] <= '6' &&
      (content[2] == '\n' || content[2] == ' ' || content[2] == '\r' || content[2] == '\t')) {
    return PictureFormat::kPnm;
  }
  if (starts_with(content, "\0\0\0\x0CjP  \r\n\x87\n"sv) || starts_with(content, "\xFF\x4F\xFF\x51"sv)) {
    return PictureFormat::kJpeg2000;
  }
  if (starts_with(content, "\xFF\x0A"sv) || starts_with(content, "\0\0\0\x0CJXL \r\n\x87\n"sv)) {
    return PictureFormat::kJpegXl;
  }
  if (is_heif(content)) return PictureFormat::kHeif;
  return PictureFormat::kNone;
}

PictureFormat picture_format(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<uint8_t, 4096> head{};
  file.read(reinterpret_cast<char*>(head.data()), head.size());
  return picture_format(std::span(head.data(), static_cast<size_t>(file.gcount())));
}

}  // namespace toonmirror::media
