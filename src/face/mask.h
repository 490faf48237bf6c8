// Which part of an aligned crop is put back into the frame. Masks are square, CV_32FC1 in [0, 1], 1 = taken
// from the crop, and 0 along the border so that the crop's square never shows. paste_back takes a mask at any
// resolution.
#pragma once

#include "face/face.h"

namespace toonmirror::face {

// The classes of the house parser, in its order. `kSkin` includes ears, nose and neck.
enum class Label { kBackground, kSkin, kBrow, kEye, kIris, kGlasses, kMouth, kLips, kHair, kHat, kCloth };
inline constexpr int kLabelCount = 11;

// `--paste face`, [size_px, size_px]: the convex hull of the landmarks, extended upwards over the forehead,
// with a soft edge. `landmarks_in_crop` in the pixels of a crop of that size. Throws Error where size_px is
// below 16.
cv::Mat mask_from_landmarks(const Landmarks& landmarks_in_crop, int size_px);

// How a crop of mask_from_labels lies to the FFHQ square.
struct MaskView {
  double side = 1;         // of the crop, in sides of the FFHQ square
  bool ends_neck = true;   // fades the neck out below the chin, where such a square ends
  int most_size_px = 256;  // of the mask
};

// `--paste head`: skin, features, hair, glasses and hat as the parser sees them, so that what lies in front
// of the face or behind it stays. `labels`: the parser's probabilities (CV_32FC(11), [H, W], each pixel
// summing to about 1) or its decision (CV_8UC1, [H, W], values 0 to 10), covering the crop at any resolution.
// `landmarks_in_crop` in the pixels of `crop_rgb` (CV_8UC3, square). Only the part connected with the face is
// kept; its edge is moved to the edges of the picture by a guided filter (He et al. 2010) and a little
// outwards; the neck fades out below the chin. Where the parser sees no head at the place of the face, the
// result is mask_from_landmarks. The mask has the size of the crop, at most view.most_size_px. Throws
// Error where a picture has another type or is smaller than 16 px.
cv::Mat mask_from_labels(const cv::Mat& labels, const cv::Mat& crop_rgb, const Landmarks& landmarks_in_crop,
                         const MaskView& view = {});

// `--paste crop`, [size_px, size_px]: the whole crop with a soft border. Throws Error where size_px is
// below 16.
cv::Mat mask_square(int size_px);

}  // namespace toonmirror::face
