// Paints the eyes that eye.h has found.
#pragma once

#include <opencv2/core.hpp>

#include "teachers/eye.h"

namespace toonmirror::teachers {

struct EyeLook {
  cv::Vec3f iris_lab;
  cv::Vec3f lash_lab;
  double white_light = 88;  // lightness of the white of the eye, 0 … 100
  double glint_light = 98;  // and of the highlights
  cv::Vec2f tint = {0, 0};  // a and b of the light that falls on the eye
  double opened_lids = 0;   // how much further open eyes are drawn, as a share of the opening
  double line_px = 4;       // breadth of the upper lash line
  double least_iris = 0;    // radius that an iris has at least, as a share of the eye's width
  double fibres = 0;        // strength of the rays in the iris, 0 … 1
  double roundness = 0;     // of the eyeball: how much its white darkens towards the corners, 0 … 1
  cv::Vec3f crease_lab;     // the fold above the upper lid,
  double crease = 0;        // and its strength, 0 … 1
};

// An eye as it is drawn: corners, lids already opened, iris centre and radius, in pixels.
struct DrawnEye {
  EyeShape shape;
  cv::Point2d iris;
  double iris_radius = 0;
  bool outer_is_left = true;
  double presence = 1;  // of everything between the lids: 0 closed, 1 open
};

// `shape` with its corners in the pixels of the drawing.
DrawnEye prepare_eye(const EyeShape& shape, const EyeLook& look, bool outer_is_left);

// White, iris, pupil, highlights, lash lines onto `picture` (Lab, CV_32FC3). `cover` (CV_32FC1) is what lies
// in front: hair and frames. A closed eye is its lash line alone.
void paint_eye(cv::Mat& picture, const DrawnEye& eye, const EyeLook& look, const cv::Mat& cover);

// Writes the classes eye and iris into a label map whose pixels are `scale` canvas pixels; only over skin,
// brow, eye and iris. Labels of the photo's eyes around it become skin.
void label_eye(cv::Mat& labels, const DrawnEye& eye, double scale);

}  // namespace toonmirror::teachers
