// Training of the house's face mesh on pictures whose meshes are known.
#pragma once

#include <filesystem>
#include <string>

#include "nets/face_mesh.h"
#include "training/mesh_augmentation.h"
#include "training/mesh_loss.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct MeshTrainingOptions {
  RunOptions run;
  std::filesystem::path pack;      // training/mesh_pack.h
  std::string precision = "auto";  // auto, bf16, fp32
  double faceless = 0.33;          // share of the samples that show no face
  MeshVariety variety;
  MeshLossWeights weights;
};

// Trains (or resumes) and returns the network with the averaged weights, the mean mesh and the map to dlib's
// landmarks. A sheet has two rows of held-out faces as they are varied, the teacher's points green and the
// network's orange, and one of crops without a face; crops are framed in green where presence is told rightly
// and in red where it is not. Throws Error for a pack whose mean face is not symmetrical or that has no
// landmarks.
nets::FaceMesh train_mesh(const MeshTrainingOptions& options, RunHooks hooks,
                          const PictureWriter& write_picture);

}  // namespace toonmirror::training
