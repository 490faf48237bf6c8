// Boxes and means of points, for this layer and those that find faces.
#pragma once

#include <algorithm>
#include <numeric>

#include "face/face.h"

namespace toonmirror::face {

// Of the landmarks [first, end).
inline cv::Point2d mean_of(const Landmarks& landmarks, int first, int end) {
  return std::accumulate(landmarks.begin() + first, landmarks.begin() + end, cv::Point2d()) / (end - first);
}

inline cv::Point2d centre_of(const cv::Rect2f& box) {
  return {box.x + 0.5 * box.width, box.y + 0.5 * box.height};
}

// Intersection over union, in [0, 1].
inline float overlap(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float shared = (a & b).area();
  return shared / std::max(a.area() + b.area() - shared, 1e-6F);
}

// A face that has left the frame farther than this (share of its box still inside) is not followed.
inline constexpr double kLeastInside = 0.6;

inline double share_inside(const cv::Rect2f& box, cv::Size frame) {
  const cv::Rect2f whole(-0.5F, -0.5F, static_cast<float>(frame.width), static_cast<float>(frame.height));
  return (box & whole).area() / std::max(box.area(), 1e-6F);
}

}  // namespace toonmirror::face
