// What the parts of a drawing are made from. Pictures of the canvas are CIE Lab, CV_32FC3 (L 0 … 100). The
// canvas has twice the picture's side: shrinking it smooths all edges. What varies slowly is worked out at
// sizes that are the same for every canvas, so that drawings of all sizes agree and a large one costs little
// more; only what has edges is painted at the canvas' own size.
#pragma once

#include <opencv2/core.hpp>

#include "teachers/mattes.h"

namespace toonmirror::teachers {

inline constexpr int kWork_px = 512;   // for lines, strokes and mattes,
inline constexpr int kSmall_px = 256;  // and for light and colour

struct Scene {
  cv::Mat lab;                // the warped photo in its final light, canvas size
  cv::Mat half;               // the same at half the canvas, the finest that the picture shows
  cv::Mat small;              // the same at kSmall_px
  Mattes mattes;              // of the canvas
  face::Landmarks landmarks;  // on the canvas
  double unit = 0;            // distance of the eye centres on the canvas: all radii scale with it
  cv::Vec3f skin;             // the person's own skin, mean over the face

  int canvas_px() const { return lab.rows; }
  // Lengths that do not belong to the face, as the grain of paper, are given in 1/512 of the canvas.
  double px() const { return lab.rows / 512.0; }
  double small_unit() const { return unit * kSmall_px / lab.rows; }
};

// Lightness of white in the light on this face: teeth, eyes. 0 … 100.
float white_light(const Scene& scene);

// Half size by averaging, double size by bilinear interpolation.
cv::Mat halved(const cv::Mat& picture);
cv::Mat doubled(const cv::Mat& picture);

// CV_32FC3 of one colour.
cv::Mat filled(int side_px, const cv::Vec3f& colour);

// CV_32FC1: 1 where the mask is above the threshold, else 0.
cv::Mat inside_of(const cv::Mat& mask, double threshold);

// The landmarks' face without forehead, as a CV_32FC1 mask of `size` (landmarks in its pixels).
cv::Mat face_polygon(const face::Landmarks& landmarks, const cv::Size& size);

// Photos are too dark, too bright, grey, or under coloured lamps; a film is lit with care. Moves the face
// halfway into a good range of lightness (one curve for the whole picture, so fair stays fairer than dark)
// and the skin's colour most of the way into the range of healthy skin.
void relight(Scene& scene);

}  // namespace toonmirror::teachers
