// Faces are found and drawn on square pixels; some videos have others. Where the original pixels are needed no
// more, media::VideoReader gives square ones itself.
#pragma once

#include <opencv2/core.hpp>

#include "media/frame.h"

namespace toonmirror::toon {

// The stretching of a picture with pixels of some aspect to square ones (media::SquareStretch), and the way back.
class SquarePixels {
 public:
  explicit SquarePixels(media::Rational sample_aspect) : stretch_(sample_aspect) {}

  bool identity() const { return stretch_.identity(); }

  // `rgb` itself where its pixels are square.
  cv::Mat stretch(const cv::Mat& rgb) const;

  // Brings what was changed in a stretched picture (`before` → `after`, differing in `changed` alone) into
  // `rgb`; returns the rectangle of `rgb` that may have changed.
  cv::Rect take_changes(const cv::Mat& before, const cv::Mat& after, const cv::Rect& changed,
                        cv::Mat& rgb) const;

 private:
  media::SquareStretch stretch_;
};

}  // namespace toonmirror::toon
