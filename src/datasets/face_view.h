// Squares through which published networks look at faces. Internal to this layer.
#pragma once

#include <ATen/ATen.h>

#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"
#include "training/layer_graph.h"

namespace toonmirror::datasets {

inline constexpr int kMeshCrop_px = 192;  // of facemesh468

struct FaceView {
  cv::Point2d centre, right;  // in the picture; to the middle of the right side
};

// A quarter turn on from `right`, as pixels count.
cv::Point2d down_of(const cv::Point2d& right);

// The square in which facemesh468 finds the face of dlib's landmarks: upright in the direction of the eyes,
// 1.5 times the longer extent of the points, which end at the brows.
FaceView view_around(const face::Landmarks& landmarks);
// The same of the points of a mesh, of which those between the corners of the eyes tell the direction.
FaceView view_around(const std::vector<cv::Point2d>& mesh);

// What is seen through it.
struct FaceCrop {
  cv::Mat pixels;        // CV_8UC3, side_px squared
  cv::Matx23d backward;  // picture from crop
  double scale;          // crop pixels by picture pixel

  // `mirrored`: as if the picture were.
  FaceCrop(const cv::Mat& rgb, const FaceView& view, int side_px, bool mirrored = false);
  cv::Point2d picture(double crop_x, double crop_y) const;
};

// The network's outputs for a crop, each [K]; it takes RGB from 0 to 1.
std::vector<at::Tensor> answers(const training::LayerGraph& network, const FaceCrop& crop);

}  // namespace toonmirror::datasets
