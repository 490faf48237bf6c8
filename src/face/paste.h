// Putting a crop back where it came from.
#pragma once

#include "face/alignment.h"

namespace toonmirror::face {

// Blends `crop_rgb` (CV_8UC3, square, any resolution of the alignment's square) into `frame_rgb` where `mask`
// (square, CV_32FC1 in [0, 1] or CV_8UC1 in [0, 255], any resolution of the same square) is above 0, and
// returns the rectangle that may have changed; nothing outside it is read or written. The crop REPLACES the
// frame: adding only its difference to the photo would keep the photo's pores and wrinkles on the drawing. A
// crop finer than the frame loses what the frame cannot show by a sharp filter, so an unchanged crop of at
// least the face's resolution reproduces the frame (PSNR above 40 dB), and thin lines of a drawing neither
// break nor flicker where the face is small. A coarser one is enlarged and keeps sharp edges (thin_edges.h).
//
// Throws Error where a picture has another type or is not square.
cv::Rect paste_back(cv::Mat& frame_rgb, const cv::Mat& crop_rgb, const cv::Mat& mask,
                    const Alignment& alignment);

}  // namespace toonmirror::face
