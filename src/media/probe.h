// Telling by its content what a file is.
#pragma once

#include <filesystem>

namespace toonmirror::media {

enum class InputKind {
  kVideo,      // moving pictures, also an animated GIF
  kStill,      // a photo
  kAudioOnly,  // sound, perhaps with a cover picture
};

// Throws Error with one clear line when `path` is missing, a folder, empty, unreadable, cut off before
// anything can be shown, or nothing FFmpeg knows.
InputKind probe(const std::filesystem::path& path);

}  // namespace toonmirror::media
