// Skin and what grows on it: clean warm shading, beards, brows, lips, the inside of the mouth.
#pragma once

#include <opencv2/core.hpp>

#include "teachers/scene.h"

namespace toonmirror::teachers {

struct SkinLayers {
  cv::Mat skin;   // Lab picture, defined wherever skin, features or glasses are
  cv::Mat base;   // CV_32FC1, lightness 0 … 100 of the skin without any form finer than cheeks and nose
  cv::Mat beard;  // CV_32FC1 matte: dense hair on the lower face, which the parser calls skin
};

// `blush`: on cheeks and nose, in units of CIE a.
SkinLayers draw_skin(const Scene& scene, double blush);

// From where on something in front of skin is no clear glass.
struct GlassLimits {
  double darker = 0.16;   // than the skin behind, as a share of its lightness
  double lighter = 24.0;  // than it, 0 … 100: glare
};

// CV_32FC1: what shows in front of skin where glasses are: the frame, and lenses that are no clear glass.
cv::Mat opaque_glasses(const Scene& scene, const SkinLayers& layers, const GlassLimits& limits = {});

// Each paints onto `picture` (Lab, canvas).
void draw_brows(cv::Mat& picture, const Scene& scene, const SkinLayers& layers);
void draw_mouth(cv::Mat& picture, const Scene& scene);

}  // namespace toonmirror::teachers
