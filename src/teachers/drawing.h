// What a teacher draws from, and what it draws.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"
#include "face/mask.h"

namespace toonmirror::teachers {

// Side of a style's pictures: what a teacher draws unless it is asked for another size.
inline constexpr int kPictureSize_px = 512;
// Side of what comes with a picture: what the style's encoder is to see, and the labels.
inline constexpr int kInputSize_px = 256;
// Sides of the photos that teachers read, and of the pictures they draw.
inline constexpr int kLeastSize_px = 256, kLargestSize_px = 2048;

struct FaceDrawingInput {
  cv::Mat photo;              // square CV_8UC3 RGB of 256 … 2048 px, FFHQ-aligned
  face::Landmarks landmarks;  // pixels of the photo, centres at integers
  cv::Mat labels;             // square CV_8U of 64 … 2048 px, values of face::Label
  // Side of the picture, 256 … 2048. It is the same picture at every size, and as sharp as that size shows
  // it even where the photo is smaller.
  int picture_px = kPictureSize_px;
  // 468 points of MediaPipe's face mesh (Kartynnik et al. 2019, "Real-time Facial Surface Geometry from
  // Monocular Video on Mobile GPUs"): x, y in pixels of the photo, z towards the viewer in the same unit.
  // Empty: none, which teachers that light the form refuse.
  std::vector<cv::Point3d> mesh = {};
};

struct Drawing {
  cv::Mat
      input;  // 256×256 CV_8UC3 RGB: the photo in the drawing's shapes, which the style's encoder is to see
  cv::Mat picture;  // CV_8UC3 RGB, picture_px on a side
  cv::Mat labels;   // 256×256 CV_8U, values of face::Label, where things are in the picture
};

// A drawing in the photo's own shapes whose picture is already there.
Drawing undrawn(const FaceDrawingInput& input, const cv::Mat& picture);

// The 19 classes of CelebAMask-HQ, with 19 for the iris, merged to the house parser's 11. CV_8U to CV_8U;
// unknown values become background.
cv::Mat labels11_from_celeba20(const cv::Mat& labels);

}  // namespace toonmirror::teachers
