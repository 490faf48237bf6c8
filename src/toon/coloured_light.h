// Faces in coloured light. The networks have seen skin in daylight and lamplight; in blue or green stage
// light they draw one part of a face as skin and another as light. So the light's colour is taken from the
// crop before it is drawn, and given back to the drawing.
#pragma once

#include <opencv2/core.hpp>

#include "face/face.h"

namespace toonmirror::toon {

class ColouredLight {
 public:
  // What the light adds to the colour of this face, from place to place, beyond all colours that skin has in
  // ordinary light. `crop_rgb` CV_8UC3, square, landmarks in its pixels.
  ColouredLight(const cv::Mat& crop_rgb, const face::Landmarks& landmarks_in_crop);

  // Nothing is changed by the functions below, to the last bit.
  bool ordinary() const { return field_.empty(); }

  // The crop, or a picture of the same square, as in ordinary light. CV_8UC3 of any size.
  cv::Mat taken_from(const cv::Mat& rgb) const;
  // A picture of more than the square: its light is taken for the mean of the face's.
  cv::Mat mean_taken_from(const cv::Mat& rgb) const;
  // The drawing of the square in this light. A drawing without colours (pencil) has no light either, and
  // stays.
  cv::Mat given_to(const cv::Mat& drawing_rgb) const;

 private:
  cv::Mat field_;              // CV_32FC2, coarse: Lab a and b of the light; empty: ordinary
  cv::Mat face_;               // CV_32FC1, where it was measured
  cv::Scalar mean_;            // of the field
  cv::Scalar plain_;           // a and b of the face without it
  double strength_ = 0;        // 0 … 1
  double face_light_ = 0;      // L of the face in the photo
  double lightness_gain_ = 1;  // such light is dark to the eye: skin is lifted to where the networks know it
};

}  // namespace toonmirror::toon
