// How a picture of one face mesh becomes a picture of another: dense motion told by geometry, exact to the edge of
// a lid, where key points (nets/dense_motion.h) know a head.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace toonmirror::nets {

// Of N faces, at H×W. Grids hold (x, y) in the source with the picture from -1 to 1, the centres of its corner
// pixels (align_corners).
struct MeshField {
  at::Tensor grid;   // [N, H, W, 2] where what is seen comes from; the place itself where no face is
  at::Tensor cover;  // [N, 1, H, W] 1 inside the face, falling to 0 over a strip around it
  at::Tensor parts;  // [N, kMeshParts, H, W] shares
};

// Channels of MeshField::parts.
enum MeshPart : int64_t {
  kEyes,    // between the lids
  kIrises,  // of these
  kMouth,   // between the lips
  kTeeth,   // of the mouth, where upper teeth are to be expected
  kTongue,  // of the mouth, where a tongue is
  kUnseen,  // what the source does not show: skin turned away in it, and the mouth behind closed lips
};
inline constexpr int64_t kMeshParts = 6;

// `source` and `wanted` [N, 478, 3]: x and y in the picture from -1 to 1, z in the same unit, larger towards the
// viewer. One source may go with several wanted meshes. Surfaces hide what lies behind them. Throws Error for
// other shapes.
MeshField mesh_field(const at::Tensor& source, const at::Tensor& wanted, int64_t size_px);

}  // namespace toonmirror::nets
