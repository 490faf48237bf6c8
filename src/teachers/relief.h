// The form of a head: heights and normals, from a face mesh where there is one and from outlines elsewhere.
// Heights are in pixels of the picture they belong to and grow towards the viewer. Normals are CV_32FC3 unit
// vectors, x to the right, y down, z towards the viewer.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace toonmirror::teachers {

struct Relief {
  cv::Mat height;  // CV_32FC1
  cv::Mat share;   // CV_32FC1: 1 well inside the mesh, 0 where heights are only carried on from its border
};

// `mesh`: points of a face mesh, x and y in pixels of a picture of `size`, z towards the viewer in the same
// unit; linear between them (Delaunay triangles). Throws Error for fewer than three points or one that is not
// finite.
Relief relief_of(const std::vector<cv::Point3d>& mesh, const cv::Size& size);

// `steepness` is a factor on slopes; slopes of more than about 60° are drawn as such, because what a mesh
// says of sides that are turned away is a guess.
cv::Mat normals_of(const cv::Mat& height, double steepness);

// An inflated mask: rises from the border of what is above 0.5 like a quarter circle over `width_px` and is
// level inside.
cv::Mat dome(const cv::Mat& mask, double width_px);

// Unit vectors between a (share 0) and b (share 1).
cv::Mat mixed_normals(const cv::Mat& a, const cv::Mat& b, const cv::Mat& share);

}  // namespace toonmirror::teachers
