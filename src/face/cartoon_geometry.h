// How a cartoon's face differs in shape from the photo's: one smooth displacement field for picture, labels
// and points.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"

namespace toonmirror::face {

struct CartoonGeometry {
  double eye_zoom = 1.62;
  double nose_zoom = 0.84;
  double mouth_zoom = 0.97;
  double jaw_pull = 0.05;  // share by which the lower face narrows
  double chin_lift = 0;    // how far the chin comes up, in distances of the eye centres
  // eye_zoom for eyes behind glasses, whose frames grow with them; 0: the same as without.
  double eye_zoom_behind_glasses = 0;
};

// Distance of the eye centres: the unit of all lengths in a drawing.
double eye_distance(const Landmarks& landmarks);
// Means of the six points of the eye on the picture's left (0) or right (1).
cv::Point2d eye_centre(const Landmarks& landmarks, int eye);

// How much a face wears glasses, 0 … 1, by the mask (CV_8U, 255 inside) of what is labelled as such in its
// crop: a few stray pixels are none.
double glasses_share(const cv::Mat& mask);
// The geometry of a face that wears glasses to that share.
CartoonGeometry behind_glasses(CartoonGeometry geometry, double share);

class DisplacementField {
 public:
  // In pixels of a square picture of that side.
  DisplacementField(const Landmarks& landmarks, int size_px, const CartoonGeometry& geometry);

  // The picture after the change; interpolation is a cv::InterpolationFlags.
  cv::Mat warp(const cv::Mat& picture, int interpolation) const;
  // Where a point of the photo comes to lie.
  cv::Point2d forward(const cv::Point2d& point) const;
  std::vector<cv::Point2d> forward(const std::vector<cv::Point2d>& points) const;
  Landmarks forward(const Landmarks& landmarks) const;

 private:
  cv::Mat map_;  // CV_32FC2: which photo pixel each pixel of the drawing shows
};

}  // namespace toonmirror::face
