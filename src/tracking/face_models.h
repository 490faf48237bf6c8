// What faces are found and followed with.
#pragma once

#include "face/landmarks.h"
#include "tracking/mesh_predictor.h"

namespace toonmirror::tracking {

// Cheap to copy; both are loaded in the background, and only who asks for one waits for it.
struct FaceModels {
  face::SharedLandmarkPredictor landmarks;
  SharedMeshPredictor mesh;
};

// Starts loading both. Throws Error at once where a file is missing.
FaceModels load_face_models();

}  // namespace toonmirror::tracking
