// Hair, and everything that is neither hair nor face.
#pragma once

#include <opencv2/core.hpp>

#include "teachers/scene.h"

namespace toonmirror::teachers {

// Cloth, hats, hands and glasses: simplified, borders kept. Lab picture.
cv::Mat draw_things(const Scene& scene);

// What is behind: `things` out of focus, except what has the colour of the person's skin, which may be a
// hand.
cv::Mat draw_background(const Scene& scene, const cv::Mat& things);

// Strands and shapes. `matte` (CV_32FC1) says where hair is. Lab picture, defined there alone; `saturation`
// is a factor on chroma.
cv::Mat draw_hair(const Scene& scene, const cv::Mat& matte, double saturation);

}  // namespace toonmirror::teachers
