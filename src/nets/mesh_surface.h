// The surface of a face mesh as triangles, for drawing one mesh as another lies.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

#include "nets/face_mesh_points.h"

namespace toonmirror::nets {

// The 468 points of the surface, then the contour's 36 pushed outwards: the strip between both is where the
// face's own motion runs out.
inline constexpr int64_t kSurfaceVertices = kSurfacePoints + static_cast<int64_t>(kContour.size());

// Clockwise on the screen when seen from the front.
using MeshTriangle = std::array<int16_t, 3>;
inline constexpr size_t kSurfaceTriangles = 922;
extern const std::array<MeshTriangle, kSurfaceTriangles> kSurface;

// points [P ≥ 468, 3] in any unit → [504, 3]. The strip is wide above the forehead, where hair goes with the head, and
// narrow below the jaw, where a neck stays when a mouth opens.
at::Tensor surface_vertices(const at::Tensor& points);

}  // namespace toonmirror::nets
