// Everything around the drawn heads in the style's own manner: shoulders, clothes, background. Filters alone,
// no network: each picture is a function of its frame and of where the heads are, every texture is fixed to
// the frame, and nothing is decided by counting pixels, so that what stands still stays the same.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "toon/compositor.h"
#include "toon/style.h"

namespace toonmirror::toon {

// CV_32FC1 of that size, 0 … 1: where people are, as far as their wide views tell (`heads` without one count
// for nothing), below those the usual breadth of shoulders. 1 everywhere where nobody is known: then nothing
// is background.
cv::Mat figures(const std::vector<DrawnFace>& heads, const cv::Size& frame, const cv::Size& size);

// Draws the whole picture (CV_8UC3 RGB), heads included; SceneManner::kNone changes nothing. Pictures whose
// longer side is above 1280 px are drawn at that size and enlarged, no finer than heads are drawn.
void draw_scene(cv::Mat& rgb, SceneManner manner, const std::vector<DrawnFace>& heads);

}  // namespace toonmirror::toon
