// Hard cuts between the frames of a video.
#pragma once

#include <opencv2/core.hpp>

namespace toonmirror::face {

class CutDetector {
 public:
  // Whether this frame (CV_8UC3) belongs to another shot than the one before it; false for the first frame.
  // Compares small grey pictures: a cut changes most pixels much more than the motion of the last frames did,
  // and the histogram too. A flash is taken for a cut.
  bool is_cut(const cv::Mat& rgb);

 private:
  cv::Mat thumbnail_;
  double usual_change_ = 0;  // running mean of the change between frames of the shot, grey levels
};

}  // namespace toonmirror::face
