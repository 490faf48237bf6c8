// What every teacher begins with: the photo in the drawing's shapes, what is where in it, and its eyes.
#pragma once

#include <array>
#include <vector>

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"
#include "teachers/eye.h"
#include "teachers/eye_paint.h"
#include "teachers/scene.h"

namespace toonmirror::teachers {

struct Sitting {
  Scene scene;                         // the photo in its own light
  std::array<EyeShape, 2> eyes;        // on the canvas
  cv::Vec3f iris_lab;                  // see iris_colour
  Drawing drawing;                     // all but the picture
  std::vector<cv::Point3d> mesh = {};  // the input's, on the canvas in the drawing's shapes
};

// Throws Error where a picture has another size or type than drawing.h says, or a landmark is not finite.
Sitting prepare(const FaceDrawingInput& input, const face::CartoonGeometry& geometry);

// Mean Lab of hair and brows, where there are any.
cv::Vec3f hair_colour(const Scene& scene);

// Paints both eyes onto `picture` (Lab, canvas) and labels them in the drawing. `cover` (CV_32FC1) is what
// lies in front.
void paint_eyes(cv::Mat& picture, Sitting& sitting, const EyeLook& look, const cv::Mat& cover);

// The last touch of an animated film: a soft S-curve, lively colours, and a bloom from the highlights.
struct Grade {
  float lift = 0, contrast = 0;  // in units of lightness, 0 … 100
  double bloom = 0;              // share of the highlights that is added around them
};
// Canvas, Lab → RGB 0 … 1, CV_32FC3 of half its side.
cv::Mat graded(cv::Mat lab, const Grade& grade);

// Canvas, Lab → the drawing's picture, CV_8UC3 RGB of half its side.
cv::Mat picture_from_canvas(const cv::Mat& lab);

}  // namespace toonmirror::teachers
