// Eyes are redrawn, not filtered: their shape comes from labels and landmarks.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"

namespace toonmirror::teachers {

struct EyeShape {
  std::vector<cv::Point2d> upper,
      lower;         // lids, from the picture's left corner to the right one, as many points each
  cv::Point2d iris;  // centre
  double iris_radius = 0;
  double width = 0;    // between the corners
  double opening = 0;  // largest distance of the lids / width; below about 0.12 the eye is closed
  bool outer_is_left = true;
};

// The eye on the picture's left (0) or right (1). `eye_mask` and `iris_mask`: CV_32FC1 0 … 1 in the
// coordinates of the landmarks; eye_mask includes the iris. Where the labels show no eye the landmarks alone
// decide.
EyeShape find_eye(const face::Landmarks& landmarks, const cv::Mat& eye_mask, const cv::Mat& iris_mask,
                  int eye);

// The outline of the eye, closed.
std::vector<cv::Point2d> outline(const EyeShape& eye);

struct EyeLook {
  cv::Vec3f iris_rgb;
  cv::Vec3f lash_rgb;
  double unit = 0;        // distance of the eye centres in pixels
  double strength = 1.0;  // less behind glasses
};

// Paints sclera, iris, pupil, highlights and lash lines onto `picture` (CV_32FC3 RGB). A closed eye gets its
// lash line alone.
void draw_eye(cv::Mat& picture, const EyeShape& eye, const EyeLook& look);

}  // namespace toonmirror::teachers
