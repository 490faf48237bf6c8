// What the parts of a drawing are made from. Pictures of the canvas are CIE Lab, CV_32FC3 (L 0 … 100).
#pragma once

#include <opencv2/core.hpp>

#include "teachers/mattes.h"

namespace toonmirror::teachers {

inline constexpr int kCanvas_px = 512;  // twice the picture: shrinking it smooths all edges

struct Scene {
  cv::Mat lab;                // the warped photo in its final light, canvas size
  cv::Mat half;               // the same at half size, where slow changes are worked out
  Mattes mattes;              // of the canvas
  face::Landmarks landmarks;  // on the canvas
  double unit = 0;            // distance of the eye centres on the canvas: all radii scale with it
  cv::Vec3f skin;             // the person's own skin, mean over the face
};

// Lightness of white in the light on this face: teeth, eyes. 0 … 100.
float white_light(const Scene& scene);

// Half size by averaging, double size by bilinear interpolation.
cv::Mat halved(const cv::Mat& picture);
cv::Mat doubled(const cv::Mat& picture);

// CV_32FC1: 1 where the mask is above the threshold, else 0.
cv::Mat inside_of(const cv::Mat& mask, double threshold);

// The landmarks' face without forehead, as a CV_32FC1 mask of `size` (landmarks in its pixels).
cv::Mat face_polygon(const face::Landmarks& landmarks, const cv::Size& size);

// Photos are too dark, too bright, grey, or under coloured lamps; a film is lit with care. Moves the face
// halfway into a good range of lightness (one curve for the whole picture, so fair stays fairer than dark)
// and the skin's colour most of the way into the range of healthy skin. `lab` is changed in place; returns
// the mean skin after it.
cv::Vec3f relight(cv::Mat& lab, const cv::Mat& skin_matte, const cv::Mat& face);

}  // namespace toonmirror::teachers
