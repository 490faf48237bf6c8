// The FFHQ crop exactly as the public Python code computes it, step by step with the arithmetic of Pillow,
// numpy and scipy. For data sets and for agreement with networks trained on such crops; video uses warp_crop
// (alignment.h).
#pragma once

#include "face/face.h"

namespace toonmirror::face {

// `output_size_px`: side of the result. `transform_size_px`: side of the picture that is warped before the
// Lanczos reduction to the output. e4e and VToonify: 256, 256. FFHQ and Toonify: 1024, 4096. Throws Error
// where a size is below 1 or above 8192, or where the square is too large or too far from the picture for the
// memory that such a crop may take.
cv::Mat reference_crop(const cv::Mat& rgb, const Landmarks& landmarks, int output_size_px,
                       int transform_size_px);

}  // namespace toonmirror::face
