#include "toon/compositor.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/range.h"
#include "face/mask.h"
#include "face/paste.h"
#include "toon/surroundings.h"

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

// Blurred inwards alone, so that the crop's border stays out.
void soften(cv::Mat& mask, double softness) {
  if (softness <= 0) return;
  constexpr double kWidest = 0.1 / 3;  // of the crop's side, as the standard deviation
  cv::Mat blurred;
  const double sigma = std::max(0.5, softness * kWidest * mask.cols);
  cv::erode(mask, blurred, cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(3, 3)), {-1, -1},
            static_cast<int>(std::lround(sigma)));
  cv::GaussianBlur(blurred, blurred, {}, sigma, sigma, cv::BORDER_REPLICATE);
  mask = cv::min(mask, blurred);
}

// What is asked of it here are soft shares of areas, which a quarter of the cells answers in a quarter of the
// time.
cv::Mat coarse(const cv::Mat& parsing) {
  constexpr int kSize_px = 64;
  if (parsing.cols <= kSize_px) return parsing;
  cv::Mat result;
  cv::resize(parsing, result, {kSize_px, kSize_px}, 0, 0, cv::INTER_AREA);
  return result;
}

cv::Mat mask_of(const DrawnFace& face, const cv::Mat& parsing, const face::Landmarks& landmarks_in_crop,
                PasteMode mode) {
  const int size_px = face.alignment.crop_size_px;
  if (mode == PasteMode::kCrop) return face::mask_square(size_px);
  const cv::Mat mask = mode == PasteMode::kFace
                           ? face::mask_from_landmarks(landmarks_in_crop, size_px)
                           : face::mask_from_labels(parsing, face.photo_crop, landmarks_in_crop);
  return face.reshaped ? with_outline_margin(mask) : mask;
}

// What the drawing's surroundings are to look like: the picture, which may be drawn already.
cv::Mat around_head(const cv::Mat& picture_rgb, const face::Alignment& alignment, int size_px) {
  return face::warp_crop(picture_rgb, face::at_size(alignment, size_px));
}

// Crown to collar.
cv::Rect composite_whole_head(cv::Mat& picture_rgb, const DrawnFace& face, const PasteOptions& paste) {
  const cv::Mat merged = merged_parsing(coarse(face.parsing), face.wide.parsing, face.wide.photo);
  const face::Landmarks in_wide = face::transform(face.wide.alignment.crop_from_frame, face.landmarks);
  const int size_px = face.wide.alignment.crop_size_px;
  const cv::Mat parsing = plausible_parsing(merged, in_wide, size_px, size_px / WideView::kSide);
  const cv::Mat behind = around_head(picture_rgb, face.wide.alignment, face.wide.photo.cols);
  const cv::Mat drawing = carried_beyond(face.drawing, face.photo_crop, face.wide.photo, behind, parsing);
  cv::Mat mask = face::mask_from_labels(
      parsing, face.wide.photo, in_wide,
      {.side = WideView::kSide, .ends_neck = false, .most_size_px = face.wide.photo.cols});
  if (face.reshaped) mask = with_outline_margin(mask);
  soften(mask, paste.softness / WideView::kSide);
  mask *= face.shown;
  cv::Mat around;  // coarse, as nothing but its tone is wanted
  cv::resize(behind, around, parsing.size(), 0, 0, cv::INTER_AREA);
  return face::paste_back(picture_rgb, match_surroundings(drawing, around, parsing), mask,
                          face.wide.alignment);
}

}  // namespace

void PasteOptions::check() const { check_range("softness", softness, 0.0, 1.0); }

cv::Rect composite(cv::Mat& picture_rgb, std::vector<DrawnFace> faces, const PasteOptions& paste) {
  std::ranges::sort(faces, {}, [](const DrawnFace& face) { return face.alignment.scale(); });
  cv::Rect changed;
  for (const DrawnFace& face : faces) {
    if (paste.mode == PasteMode::kHead && !face.wide.photo.empty()) {
      changed |= composite_whole_head(picture_rgb, face, paste);
      continue;
    }
    const face::Landmarks in_crop = face::transform(face.alignment.crop_from_frame, face.landmarks);
    const cv::Mat parsing = plausible_parsing(coarse(face.parsing), in_crop, face.alignment.crop_size_px);
    cv::Mat mask = mask_of(face, parsing, in_crop, paste.mode);
    soften(mask, paste.softness);
    mask *= face.shown;
    const cv::Mat around = around_head(picture_rgb, face.alignment, parsing.cols);
    changed |= face::paste_back(picture_rgb, match_surroundings(face.drawing, around, parsing), mask,
                                face.alignment);
  }
  return changed;
}

}  // namespace toonmirror::toon
