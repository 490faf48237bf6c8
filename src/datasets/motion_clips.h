// Folders of talking faces as one pack that a motion model is trained on.
#pragma once

#include <filesystem>
#include <string>

namespace toonmirror::datasets {

struct MotionClipOptions {
  std::filesystem::path clips;  // folder of videos with one face each
  // CSV with columns file and person, so that nobody is in both halves; empty: each file is another person.
  std::filesystem::path index;
  std::string toon_style;  // also packs every third clip drawn in that style; empty: photos alone
  int every = 2;           // takes every so many frames
  std::string licence = "not stated";
};

// Writes the pack (layout: training/clip_pack.h). A clip is seen through one square around all of its faces,
// 1.5 times as large; frames without a face are left out, clips without any are named in a warning. About 12
// of 100 persons are held out. Throws Error where nothing is left or the pack cannot be written, Interrupted
// when the user stops it; nothing is written then.
void pack_motion_clips(const MotionClipOptions& options, const std::filesystem::path& output);

}  // namespace toonmirror::datasets
