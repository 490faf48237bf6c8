// From the mesh of a driving face to the mesh that the source's face shall take: pose, expression and gaze are
// told apart, each with its own strength. Relative motion as in Siarohin et al. 2019, section 3.3, told of
// a face in depth instead of key points in a plane.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::nets {

// 0: none of it; 1: as the driving face does; up to 1.5.
struct MotionStrengths {
  double pose = 1.0;        // turning, nodding, leaning, and moving in the picture
  double expression = 1.0;  // mouth, brows, cheeks and lids
  double gaze = 1.0;
};

// The turn of a head that a picture of it can follow, in degrees from where it looks at the viewer: what lies
// further round is not in the picture.
inline constexpr double kLargestYaw_deg = 40.0;
inline constexpr double kLargestPitch_deg = 30.0;

// Turned to the picture's right and looking down, in degrees, of a mesh [478, 3] (x right, y down, z towards the
// viewer), by its temples, forehead and chin's bones.
struct HeadTurn {
  double yaw = 0, pitch = 0;
};
HeadTurn head_turn(const at::Tensor& mesh);

// The mesh [478, 3] that moves away from `source` as `driving` moves away from `initial`; from `initial` to
// itself it is `source`. All in one unit or each in its own, of isotropic axes (x right, y down, z towards the
// viewer); the result is in that of `source`. `initial` is the driving face in the pose and expression that fit
// the source's best. Lids close fully where the driving's do, whatever their size; lips meet and do not cross.
at::Tensor transfer_motion(const at::Tensor& source, const at::Tensor& driving, const at::Tensor& initial,
                           const MotionStrengths& strengths = {});

}  // namespace toonmirror::nets
