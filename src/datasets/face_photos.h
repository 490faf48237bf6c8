// Folders of photos as aligned and parsed faces, which teachers draw and trainings learn from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "teachers/pair_builder.h"

namespace toonmirror::datasets {

struct FacePhotoOptions {
  std::filesystem::path photos;  // a folder
  // Both or neither: the folder holds FFHQ-aligned crops of 256 px with known landmarks
  // (datasets/photo_index.h) and face-parsing labels NAME.png (CelebAMask-HQ numbers, 19 = iris).
  std::filesystem::path index, labels;
  std::string parser = "parser";  // parses photos without labels
  int64_t limit = 0;              // use so many, evenly spread over the folder; 0: all
  // What becomes of pictures in which no face is found: an Error, or their middle as a square, without
  // landmarks.
  bool keep_faceless = false;
};

struct FacePhotos {
  size_t count = 0;
  // For a thread of its own: reads photo number i, its largest face at 256 px. Throws Error for a photo that
  // cannot be used.
  std::function<std::function<teachers::TrainingPair(size_t)>()> new_reader;
  // Of an index: the numbers of photos that no training sees, and the age of each person where it is said.
  std::vector<size_t> held_out;
  std::vector<std::optional<int>> ages;
};

// Throws Error where the folder or the index cannot be read, or nothing is in it.
FacePhotos find_face_photos(const FacePhotoOptions& options);

}  // namespace toonmirror::datasets
