// Eyes are redrawn, not filtered: their shape comes from labels and landmarks.
#pragma once

#include <array>
#include <opencv2/core.hpp>

#include "face/face.h"

namespace toonmirror::teachers {

// A lid: the distance from the line between the corners, as a share of that line's length, at t = 0 … 1 from
// the picture's left corner to the right one: height · (4 t (1 - t))^0.75 · (1 + skew (2 t - 1)).
struct Lid {
  double height = 0, skew = 0;
  double at(double t) const;
};

struct EyeShape {
  cv::Point2d left, right;  // the corners
  Lid upper, lower;         // upwards and downwards
  cv::Point2d
      gaze;  // of the iris' centre from the middle of the opening: along, downwards; shares of the width
  double iris_radius = 0;  // share of the width
  double visible = 1;      // 0: behind dark glass
  double width() const;
  double opening() const { return upper.height + lower.height; }
};

// What find_eyes looks at: pictures of one size, landmarks in their pixels.
struct EyeEvidence {
  cv::Mat eye;      // CV_32FC1 mattes: eye with iris,
  cv::Mat iris;     // iris alone,
  cv::Mat glasses;  // glasses with their lenses
  cv::Mat light;    // CV_32FC1 lightness of the photo, 0 … 100
  double skin_light = 0;
  bool labelled = true;  // the mattes come from a parser: eyes in neither of which it sees an iris are closed
};

// The eyes on the picture's left and right. Where the labels show no eye, landmarks and darkness decide. Both
// eyes of a pair agree: openings and gaze are drawn half towards each other, unless one of the two is closed.
std::array<EyeShape, 2> find_eyes(const face::Landmarks& landmarks, const EyeEvidence& evidence);

// CIE Lab of the iris as a film would paint it: the person's own colour, lighter and twice as colourful.
// `lab` CV_32FC3 in the pixels of the shapes.
cv::Vec3f iris_colour(const cv::Mat& lab, const cv::Mat& eye_matte, const std::array<EyeShape, 2>& eyes);

}  // namespace toonmirror::teachers
