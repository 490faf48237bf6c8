// Putting drawn faces back into the picture they came from.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "face/alignment.h"
#include "toon/beyond_crop.h"

namespace toonmirror::toon {

// What of the drawing replaces the photo.
enum class PasteMode {
  kHead,  // hair, hat, glasses and skin as the parser sees them in the photo: a hand in front stays a hand
  kFace,  // the inside of the face, by its landmarks alone
  kCrop,  // the whole square with a soft border
};

// What becomes of everything around the heads.
enum class SceneChoice {
  kOfStyle,  // as the style says
  kKeep,     // it stays as it was photographed
  kStyle,    // it is drawn in the style's manner, where the style has one
};

struct PasteOptions {
  PasteMode mode = PasteMode::kHead;
  double softness = 0;  // 0 to 1: how far the edge of the mask is blurred; 1: over a tenth of the crop
  SceneChoice scene = SceneChoice::kOfStyle;

  PasteOptions(PasteMode paste_mode = PasteMode::kHead, double edge_softness = 0,
               SceneChoice scene_choice = SceneChoice::kOfStyle)
      : mode(paste_mode), softness(edge_softness), scene(scene_choice) {}

  void check() const;  // throws Error when a number is out of range
};

struct DrawnFace {
  face::Alignment alignment;  // of the crop in the picture
  face::Landmarks landmarks;  // in the picture
  cv::Mat photo_crop;         // CV_8UC3, of the alignment's size, in the shapes of the drawing
  double shown = 1;           // 0 to 1: how much of the drawing shows
  bool reshaped = false;      // these are not the photo's own shapes
  cv::Mat parsing;            // CV_32FC(11), the parser's probabilities for the photo's crop
  cv::Mat drawing;            // CV_8UC3, square, any size
  WideView wide;              // for PasteMode::kHead; without a photo the head ends where the square does
};

// Blends the drawings into `picture_rgb` (CV_8UC3), smaller faces first, so that the nearer of two
// overlapping ones lies in front. Returns the rectangle that may have changed.
cv::Rect composite(cv::Mat& picture_rgb, std::vector<DrawnFace> faces, const PasteOptions& paste);

}  // namespace toonmirror::toon
