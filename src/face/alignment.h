// FFHQ alignment (Karras et al. 2019, ffhq-dataset: face_alignment; ALGORITHMS "FFHQ align"): a similarity
// between the frame and a square crop in which eyes and mouth lie where the networks expect them.
#pragma once

#include <array>

#include "face/face.h"

namespace toonmirror::face {

// A similarity and its exact inverse, both on pixel coordinates with centres at integers: x_frame =
// frame_from_crop * (x_crop, y_crop, 1). Everything that warps takes an Alignment.
struct Alignment {
  cv::Matx23d frame_from_crop;
  cv::Matx23d crop_from_frame;
  int crop_size_px = 0;

  // Frame pixels per crop pixel.
  double scale() const;
};

// The FFHQ square of a face: twice the distance between the eyes or 1.8 times that from eyes to mouth,
// whichever is larger, along the mean of the eye line and the normal of the line from eyes to mouth.
FaceSquare ffhq_square(const Landmarks& landmarks);

// Top left, bottom left, bottom right, top right, in the reference's order and coordinates.
std::array<cv::Point2d, 4> quad_of(const FaceSquare& square);

// Throws Error where crop_size_px < 1 or the square has no area.
Alignment align_square(const FaceSquare& square, int crop_size_px);

// align_square(ffhq_square(landmarks), crop_size_px).
Alignment align_ffhq(const Landmarks& landmarks, int crop_size_px);

// The same square, cut at another resolution.
Alignment at_size(const Alignment& alignment, int crop_size_px);

cv::Point2d transform(const cv::Matx23d& target_from_source, const cv::Point2d& point);
Landmarks transform(const cv::Matx23d& target_from_source, const Landmarks& landmarks);

// The crop as video frames need it: bicubic, antialiased where the face is larger than the crop, the frame
// mirrored outside its borders. CV_8UC3, crop_size_px squared. Tests compare it with the reference's own, slower
// resampling.
cv::Mat warp_crop(const cv::Mat& rgb, const Alignment& alignment);

}  // namespace toonmirror::face
