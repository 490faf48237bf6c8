// How far a predicted face mesh is from the true one.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "nets/face_mesh.h"
#include "training/mesh_augmentation.h"

namespace toonmirror::training {

struct MeshLossWeights {
  double depth = 0.3;     // of z against x and y
  double hidden = 0.3;    // of points that are not to be seen
  double openings = 1.5;  // of the gaps between lids and between lips
  double coarse = 0.4;    // of the mesh before the close looks
  double presence = 0.3, visibility = 0.1;
};

// The parts of a mesh that figures are told of.
struct MeshParts {
  at::Tensor eyes, irises, lips, contour;  // indices
};
const MeshParts& mesh_parts();

// Distances in x and y in per cent of the outer-eye distance (in depth), [N, 478].
at::Tensor point_errors(const at::Tensor& points, const at::Tensor& truth);

struct MeshLoss {
  at::Tensor total;
  std::map<std::string, double> figures;  // mean errors in per cent, shares told rightly
};

// Samples without a face count for presence alone.
MeshLoss mesh_loss(const nets::FaceMeshResult& seen, const MeshBatch& batch, const MeshLossWeights& weights);

}  // namespace toonmirror::training
