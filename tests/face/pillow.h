// Two resampling operations with exactly the arithmetic of Pillow 9 (Imaging/Geometry.c, Imaging/Resample.c),
// rewritten from its behaviour. Internal to this layer; for reference_crop.
#pragma once

#include <array>
#include <opencv2/core.hpp>

namespace toonmirror::face {

// Image.transform(size, QUAD, BILINEAR): `quad` is top left, bottom left, bottom right, top right in
// coordinates where pixel i covers [i, i + 1). What lies outside the picture is black, and values are cut off
// to 8 bits, not rounded.
cv::Mat pillow_quad(const cv::Mat& picture, const std::array<cv::Point2d, 4>& quad, int size_px);

// Image.resize(size, LANCZOS): first horizontally, then vertically, each rounded to 8 bits, with weights of
// 22 fractional bits.
cv::Mat pillow_lanczos(const cv::Mat& picture, cv::Size size);

}  // namespace toonmirror::face
