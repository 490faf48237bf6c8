// What a teacher draws from, and what it draws.
#pragma once

#include <opencv2/core.hpp>

#include "face/face.h"
#include "face/mask.h"

namespace toonmirror::teachers {

// Side of the crops that teachers read and of the pictures they draw.
inline constexpr int kDrawingSize_px = 256;

struct FaceDrawingInput {
  cv::Mat photo;              // 256×256 CV_8UC3 RGB, FFHQ-aligned
  face::Landmarks landmarks;  // pixels of the crop, centres at integers
  cv::Mat labels;             // 256×256 CV_8U, values of face::Label
};

struct Drawing {
  cv::Mat
      input;  // 256×256 CV_8UC3 RGB: the photo in the drawing's shapes, which the style's encoder is to see
  cv::Mat picture;  // 256×256 CV_8UC3 RGB
  cv::Mat labels;   // 256×256 CV_8U, values of face::Label, where things are in the picture
};

// The 19 classes of CelebAMask-HQ, with 19 for the iris, merged to the house parser's 11. CV_8U to CV_8U;
// unknown values become background.
cv::Mat labels11_from_celeba20(const cv::Mat& labels);

}  // namespace toonmirror::teachers
