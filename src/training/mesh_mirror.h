// The mean face mesh and what mirroring does to the points of any.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace toonmirror::training {

// Which point of a mesh lies where a mirror shows point i: for lids, irises, brows, lips and contour that is
// known, for others it is the one nearest to the mirror image. `mesh` [478, 3] is the mean of many faces, ten
// at least, x right around the middle of the face. Throws Error unless points are partners of each other.
std::vector<int64_t> mirror_partners(const at::Tensor& mesh);

// The mean of meshes [N, 478, 3] (pixels), each seen through its square (nets/mesh_measures.h), and made
// symmetrical: [478, 3] in units of the square. Throws as mirror_partners().
at::Tensor canonical_mesh(const at::Tensor& meshes);

}  // namespace toonmirror::training
