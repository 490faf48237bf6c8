// Key points that a face mesh gives, for dense motion (nets/dense_motion.h).
#pragma once

#include <cstdint>
#include <utility>

#include "nets/key_points.h"

namespace toonmirror::nets {

// Twelve points around the face and twelve inside of it.
inline constexpr int64_t kMeshKeyPoints = 24;

// The key points of both with those of their meshes before them, [N, 24 + K, 2]. The jacobians of the mesh's points
// say how their surroundings are turned and stretched from `driving` to `source`: least squares over the
// points around, [N, 24 + K, 2, 2] and ones. One source may go with several driving meshes.
std::pair<KeyPoints, KeyPoints> with_mesh_key_points(const KeyPoints& source, const KeyPoints& driving);

}  // namespace toonmirror::nets
