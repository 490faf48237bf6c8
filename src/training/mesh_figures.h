// How well a face mesh is found on people that no training saw.
#pragma once

#include <cstdint>

#include "nets/face_mesh.h"
#include "training/mesh_pack.h"

namespace toonmirror::training {

// By the teacher an eye below the first is closed, one above the second is open, and one in between
// neither; the network's answer is closed below the middle of both. Gaps of the lids in widths of the eye.
inline constexpr double kClosedBelow = 0.14, kOpenAbove = 0.19;

struct MeshFigures {
  int64_t faces = 0;
  // Mean distances of the points from the teacher's, in per cent of the outer-eye distance (in depth, so
  // that it stays the same when a head turns).
  double error = 0, eyes = 0, lips = 0, irises = 0, contour = 0;
  // Shares of the eyes that the teacher calls closed, or open, and that are rightly told; NaN without any.
  double closed_right = 0, open_right = 0;
  int64_t closed_eyes = 0, open_eyes = 0;
  // Presence above one half: of the faces, and of as many crops without one.
  double true_positives = 0, false_positives = 0;
  double yaw_error_deg = 0, pitch_error_deg = 0;
  // The corners of the FFHQ square that is cut by the mesh's 68 landmarks against that of dlib's, in per
  // cent of the distance of the eyes' centres. NaN where no picture has them.
  double square_error = 0;
};

// The pack's held-out faces, or all where none are held out. Each is looked at twice, as in tracking: in a
// square that is wrong by up to 8 % of its side, 15 % in size and 10 degrees, then in the square around the
// mesh that was found there; the second answer counts.
MeshFigures evaluate_mesh(const MeshPack& pack, nets::FaceMesh& network);

}  // namespace toonmirror::training
