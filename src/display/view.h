// What of a live picture the window shows, and where. Window coordinates: pixels from the upper left corner.
#pragma once

#include <opencv2/core.hpp>

namespace toonmirror::display {

struct View {
  bool mirrored = true;  // as in a mirror
  bool wipe = false;     // before and after, parted at wipe_at (share of the picture's width)
  double wipe_at = 0.5;
  bool inset = false;  // the camera's picture in a corner
  bool full_screen = false;
};

// The largest rectangle of the picture's aspect in the middle of the window; of the window's own size where
// either has no area.
cv::Rect fitted(cv::Size picture, cv::Size window);

// Where the inset lies: a quarter of the picture's width, in its lower right corner.
cv::Rect inset_place(const cv::Rect& picture, cv::Size inset);

// Whether before and after can be parted: they show the same.
bool can_wipe(const cv::Mat& before, const cv::Mat& after);

}  // namespace toonmirror::display
