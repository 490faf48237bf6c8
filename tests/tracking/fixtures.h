// What the tests of this folder find faces with.
#pragma once

#include "face/fixtures.h"
#include "tracking/face_models.h"

namespace toonmirror::tracking::testing {

// Loaded once for all tests of the program.
inline const FaceModels& shared_face_models() {
  static const FaceModels models = load_face_models();
  return models;
}

// Portraits of ../shared/media/group_cc0.jpg, six of them, 3 × 2; empty where it is absent.
inline cv::Mat group_picture() {
  const std::filesystem::path folder = face::testing::shared_folder("TOONMIRROR_MEDIA", "media");
  return folder.empty() ? cv::Mat() : face::testing::read_rgb(folder / "group_cc0.jpg");
}

}  // namespace toonmirror::tracking::testing
