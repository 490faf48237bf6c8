// A teacher at work on a folder of photos.
#pragma once

#include <filesystem>
#include <string>

#include "datasets/face_photos.h"

namespace toonmirror::datasets {

struct DrawPairsOptions {
  std::string teacher;  // teachers/teacher.h
  FacePhotoOptions photos;
  std::filesystem::path output;  // the pack
  std::filesystem::path sheet;   // a picture of some pairs; empty: none
  std::string licence = "not stated";
  std::filesystem::path nets;  // folder of facemesh468, for teachers that need a mesh
  int threads = 0;             // 0: one per core
};

// Draws every photo and writes the pack (layout: training/pair_pack.h; metadata: teacher, licence, names, and
// `geometry` where the teacher changes shapes). Photos that cannot be used are named in a warning and left
// out. Throws Error when none is left, Interrupted when the user stops it; nothing is written then.
void draw_pairs(const DrawPairsOptions& options);

}  // namespace toonmirror::datasets
