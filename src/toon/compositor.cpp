#include "toon/compositor.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/mask.h"
#include "face/paste.h"

namespace toonmirror::toon {
namespace {

// A drawing's jaw is narrower than the photo's, which must not show beside it: widens the mask in the lower
// half.
cv::Mat with_outline_margin(const cv::Mat& mask) {
  constexpr double kMargin = 5.0 / 256, kFrom = 0.50, kFull = 0.65;  // shares of the crop's side
  const int size = 2 * static_cast<int>(std::lround(kMargin * mask.cols)) + 1;
  cv::Mat wide;
  cv::dilate(mask, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
  cv::min(wide, face::mask_square(mask.cols), wide);
  cv::Mat result = mask.clone();
  for (int y = 0; y < mask.rows; ++y) {
    const double share = std::clamp((static_cast<double>(y) / mask.rows - kFrom) / (kFull - kFrom), 0.0, 1.0);
    cv::addWeighted(mask.row(y), 1 - share, wide.row(y), share, 0, result.row(y));
  }
  return cv::max(result, mask);
}

cv::Mat mask_of(const DrawnFace& face, PasteMode mode) {
  const int size_px = face.alignment.crop_size_px;
  if (mode == PasteMode::kCrop) return face::mask_square(size_px);
  const face::Landmarks in_crop = face::transform(face.alignment.crop_from_frame, face.landmarks);
  return mode == PasteMode::kFace ? face::mask_from_landmarks(in_crop, size_px)
                                  : face::mask_from_labels(face.parsing, face.photo_crop, in_crop);
}

}  // namespace

cv::Rect composite(cv::Mat& picture_rgb, std::vector<DrawnFace> faces, PasteMode mode) {
  std::ranges::sort(faces, {}, [](const DrawnFace& face) { return face.alignment.scale(); });
  cv::Rect changed;
  for (const DrawnFace& face : faces) {
    cv::Mat mask = mask_of(face, mode);
    if (face.reshaped && mode != PasteMode::kCrop) mask = with_outline_margin(mask);
    changed |= face::paste_back(picture_rgb, face.drawing, mask, face.alignment);
  }
  return changed;
}

}  // namespace toonmirror::toon
