// Which still-picture format a file has, told by its first bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace toonmirror::media {

enum class PictureFormat {
  kNone,  // not a still picture (a video, an animated GIF or PNG, sound, anything else)
  kJpeg,
  kPng,
  kWebp,
  kBmp,
  kTiff,
  kPnm,
  kJpeg2000,
  kJpegXl,
  kHeif,  // HEIC or AVIF
};

PictureFormat picture_format(std::span<const uint8_t> content);

// Reads the beginning of the file; kNone where it cannot be opened.
PictureFormat picture_format(const std::filesystem::path& path);

}  // namespace toonmirror::media
