// The light that a photo was taken in, as a head's own form tells it.
#pragma once

#include <array>
#include <opencv2/core.hpp>

namespace toonmirror::teachers {

// Irradiance as spherical harmonics to the second order (Ramamoorthi and Hanrahan 2001, "An Efficient
// Representation for Irradiance Environment Maps"), of a surface of average skin.
class HeadLight {
 public:
  // Fits lightness (CV_32FC1, 0 … 1) to normals (CV_32FC3) where `weight` (CV_32FC1) is above 0.5; what does
  // not follow from the form, such as beards and blush, hardly counts (iteratively reweighted least squares).
  // Where fewer than some 200 pixels are given the light comes out even.
  HeadLight(const cv::Mat& normals, const cv::Mat& light, const cv::Mat& weight);

  // Lightness of average skin with these normals, CV_32FC1, 0.15 … 2.
  cv::Mat on(const cv::Mat& normals) const;
  // Unit vector to where most of the light comes from, never from behind the head.
  cv::Vec3f direction() const;

 private:
  std::array<double, 9> coefficients_{};
};

}  // namespace toonmirror::teachers
