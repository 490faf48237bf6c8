// The types that the face layer hands out.
//
// Coordinates everywhere in this layer: pixels, x right, y down, pixel CENTRES at integer coordinates (so a
// picture of width w covers x in [-0.5, w - 0.5]). Pictures are CV_8UC3 in RGB order.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

namespace toonmirror::face {

inline constexpr int kLandmarkCount = 68;

// The iBUG-68 order: 0-16 jaw from the picture's left to its right, 17-21 and 22-26 brows, 27-35 nose, 36-41
// and 42-47 eyes, 48-59 outer lip, 60-67 inner lip. "Left" is the left of the picture of an upright face.
using Landmarks = std::array<cv::Point2d, kLandmarkCount>;

// The square that FFHQ alignment cuts out, as its centre and the vector from the centre to the middle of its
// right side. A similarity of the unit square: the axis down is `right` turned by 90 degrees clockwise as
// seen on the screen.
struct FaceSquare {
  cv::Point2d centre;
  cv::Point2d right;
};

struct Face {
  cv::Rect2f box;        // the detector's square around brows, mouth and jaw; may reach outside the picture
  Landmarks landmarks;   // frame pixels; may lie outside the picture
  FaceSquare square;     // where to cut: from the landmarks alone in a still, steadied over time by a Tracker
  int track_id = -1;     // stable through a video, counted from 0; -1 in a still
  float confidence = 0;  // the detector's score, above 0; of a tracked face the network's, 0 to 1
  // The 478 points of nets/face_mesh_points.h in pixels, z in the same unit and larger towards the viewer;
  // empty in videos unless it was asked for.
  std::vector<cv::Point3d> mesh;
  bool seen = true;  // in this picture; otherwise it is where it was expected
  double shown = 1;  // 0 to 1: how much of its drawing shows, while it comes and goes
};

}  // namespace toonmirror::face
