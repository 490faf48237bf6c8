// What a face mesh says: where its face lies, how its head is turned, how far its eyes are open.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::nets {

// A square of a picture: its centre, and the vector from there to the middle of its right side. Down is
// `right` turned by 90 degrees clockwise on the screen, as in face::FaceSquare.
struct MeshSquare {
  double centre_x = 0, centre_y = 0;
  double right_x = 1, right_y = 0;

  double half_side() const;
};

// The square in which a network looks for the face of that mesh: upright in the direction of the eyes, around
// the box of the points, 1.5 times its longer side (MediaPipe's rule). points [P ≥ 468, 2 or 3] in any
// unit, y down.
MeshSquare square_around(const at::Tensor& points);

// Points [..., P, 2 or 3] between the units of a square (x and y from -1 to 1 over it, z in the same unit)
// and those of its picture.
at::Tensor picture_from_square(const at::Tensor& points, const MeshSquare& square);
at::Tensor square_from_picture(const at::Tensor& points, const MeshSquare& square);

// The distance of the outer eye corners in depth as well, which turning the head leaves as it is: points
// [N, P, 3] → [N].
at::Tensor eye_distances(const at::Tensor& points);

// How far the eyes are open: the mean gap of the middle of the lids in widths of the eye. points
// [N, P, 2 or 3] → [N, 2], the picture's left eye first. Depth is left out.
at::Tensor eye_openings(const at::Tensor& points);

// The same of the mouth, by the pairs of its inner lips: → [N], in widths of the mouth.
at::Tensor mouth_openings(const at::Tensor& points);

// The rotation of the similarity that brings `canonical` [P, 3] closest to each of `points` [N, P, 3] (least
// squares in closed form: Umeyama 1991), by what does not move in a face: all that lies above the mouth but
// lids, irises and brows. Axes: x right, y down, z towards the viewer. [N, 3, 3] double.
at::Tensor head_rotations(const at::Tensor& points, const at::Tensor& canonical);

// Yaw, pitch and roll in degrees, [N, 3]: turned to the picture's right, looking down, and then turned
// clockwise in the picture.
at::Tensor head_angles(const at::Tensor& rotations);

// dlib's 68 landmarks of the mesh, [N, 68, 2] in its unit: points [N, P, 2 or 3], map [68, P] with rows whose
// sum is one (training/mesh_landmarks.h).
at::Tensor landmarks68_of(const at::Tensor& points, const at::Tensor& map);

}  // namespace toonmirror::nets
