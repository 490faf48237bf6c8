// Faces are found and drawn on square pixels; some videos have others.
#pragma once

#include <opencv2/core.hpp>

#include "media/frame.h"

namespace toonmirror::toon {

// The stretching of a picture with pixels of some aspect to square ones. It only ever enlarges.
class SquarePixels {
 public:
  // An aspect that is unknown, or beyond 1:4 or 4:1 (a broken header), counts as square.
  explicit SquarePixels(media::Rational sample_aspect);

  bool identity() const { return factor_x_ == 1 && factor_y_ == 1; }

  // `rgb` itself where its pixels are square.
  cv::Mat stretch(const cv::Mat& rgb) const;

  // Brings what was changed in a stretched picture (`before` → `after`, differing in `changed` alone) into
  // `rgb`; returns the rectangle of `rgb` that may have changed.
  cv::Rect take_changes(const cv::Mat& before, const cv::Mat& after, const cv::Rect& changed,
                        cv::Mat& rgb) const;

 private:
  double factor_x_ = 1;
  double factor_y_ = 1;
};

}  // namespace toonmirror::toon
