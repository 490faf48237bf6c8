// Resampling by an affine map without aliasing.
#pragma once

#include <opencv2/core.hpp>

namespace toonmirror::face {

// Throws Error, naming `who`, unless the picture is CV_8UC3 and not empty.
void require_rgb(const cv::Mat& picture, const char* who);

// Pixel coordinates of a resized picture from those of the original: x -> (x + 0.5) * factor - 0.5.
cv::Matx23d scaling(double factor_x, double factor_y);

// x -> x + offset.
cv::Matx23d translation(const cv::Point2d& offset);

// x -> a(b(x)).
cv::Matx23d compose(const cv::Matx23d& a, const cv::Matx23d& b);

// The picture of `size` whose pixel x shows `source` at source_from_target * x. Where the map shrinks (with
// linear interpolation: by clearly more than it hears itself), the source is first averaged down to the
// target's resolution. `interpolation` and `border` are OpenCV's.
cv::Mat resample(const cv::Mat& source, const cv::Matx23d& source_from_target, cv::Size size,
                 int interpolation, int border);

}  // namespace toonmirror::face
