// What lies around a head: telling it from the head with more certainty than the parser alone, and giving the
// drawing's surroundings the photo's tone, so that no halo shows where the mask reaches beyond the head.
#pragma once

#include <opencv2/core.hpp>

#include "face/face.h"

namespace toonmirror::toon {

// The parser's probabilities (CV_32FC(11), covering the crop at any resolution) with a prior: the farther
// from the face, the surer the parser has to be that something belongs to the head. Half-belief in a wooden
// wall or a poster is overruled; hair that the parser is sure of stays. `landmarks_in_crop` in the pixels of
// a crop of crop_size_px.
// `unit_px`: the side of the FFHQ square in such a crop, where that is not the crop itself (0).
cv::Mat plausible_parsing(const cv::Mat& parsing, const face::Landmarks& landmarks_in_crop, int crop_size_px,
                          double unit_px = 0);

// The drawing with the photo's tone outside the head: there, the smooth part of their difference is added,
// and nothing where `parsing` (as above) sees the head. `drawing` and `photo_crop` CV_8UC3, square, of any
// sizes; the result has the size of the drawing.
cv::Mat match_surroundings(const cv::Mat& drawing, const cv::Mat& photo_crop, const cv::Mat& parsing);

}  // namespace toonmirror::toon
