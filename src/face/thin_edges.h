// Enlarged drawings with edges as sharp as the frame around them.
#pragma once

#include <opencv2/core.hpp>

namespace toonmirror::face {

// Narrows the edges of `enlarged_rgb` (CV_8UC3), which a smooth interpolation has enlarged `scale` times:
// every pixel takes its colour from a little farther away from the edge it lies on (Arad and Gotsman 1999,
// "Enhancement by Image-Dependent Warping", IEEE Transactions on Image Processing 8). Nothing overshoots, as
// only colours that are there are used; lines keep their places, and areas without edges their pixels. The
// same picture when `scale` is hardly above 1. What the photo shows along these edges is not asked: it would
// bring back the pores and single hairs that the drawing has left out.
cv::Mat thin_edges(const cv::Mat& enlarged_rgb, double scale);

}  // namespace toonmirror::face
