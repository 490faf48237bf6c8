// The manners of scene.h, one function for each style. Internal to scene.cpp.
#pragma once

#include <opencv2/core.hpp>

#include "toon/style.h"

namespace toonmirror::toon {

struct SceneInput {
  cv::Mat rgb;      // CV_8UC3, sides even and at least 16
  cv::Mat figure;   // CV_32FC1 of its size: 1 where people are
  double unit = 1;  // of lengths: 1 pixel in a picture of 640×480
};

// CV_8UC3 of the input's size. `manner` is not kNone.
cv::Mat draw_in_manner(const SceneInput& input, SceneManner manner);

}  // namespace toonmirror::toon
