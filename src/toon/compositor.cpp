#include "toon/compositor.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "face/mask.h"
#include "face/paste.h"

namespace toonmirror::toon {
namespace {

// Where the drawing's outline lies inside the photo's, the photo's must not show beside it.
constexpr int kOutlineMargin_px = 5;  // of a 256 px crop

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
    if (face.reshaped && mode != PasteMode::kCrop) {
      const int size = 2 * (kOutlineMargin_px * mask.cols / 256) + 1;
      const cv::Mat border = face::mask_square(mask.cols);
      cv::dilate(mask, mask, cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
      cv::min(mask, border, mask);
    }
    changed |= face::paste_back(picture_rgb, face.drawing, mask, face.alignment);
  }
  return changed;
}

}  // namespace toonmirror::toon
