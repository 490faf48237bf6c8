// What printmakers, draughtsmen and painters have in common: lines, strokes along the forms, and paper.
// Pictures of one channel are CV_32FC1; all is deterministic.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "face/face.h"
#include "teachers/mattes.h"

namespace toonmirror::teachers {

// CV_32FC2: at every pixel the unit vector along the forms (across the smoothed structure tensor's gradient);
// its sign means nothing.
cv::Mat flow_of(const cv::Mat& light, double derivative_sigma_px, double structure_sigma_px);

// One direction everywhere; degrees from the horizontal, counter-clockwise.
cv::Mat uniform_flow(const cv::Size& size, double degrees);

// Gaussian average of `picture` along the flow, `steps` pixels each way (line integral convolution, Cabral
// and Leedom 1993).
cv::Mat averaged_along(const cv::Mat& flow, const cv::Mat& picture, int steps);

struct LineOptions {
  double sigma_px = 1.3;       // half the breadth of the lines
  double centre = 0.985;       // share of the broader Gaussian: nearer to 1 draws finer changes
  double threshold = -0.0045;  // of the difference, light 0 … 1
  double sharpness = 120;
  int steps = 7;  // each way along the flow
};

// Lines where the light changes, 0 … 1: extended difference of Gaussians across the flow, averaged along it
// (Winnemöller, Kyprianidis and Olsen 2012, sections 2 and 3). `light` 0 … 1. The difference is as smooth as
// the lines are broad: it is worked out at the size of `light`, and made lines of at `size_px`.
cv::Mat contour_lines(const cv::Mat& light, const LineOptions& options, int size_px);

// The borders between classes that a draughtsman would outline, and with what force.
struct Outline {
  std::vector<face::Label> one, other;
  float strength;
};
// `breadth_px` of the lines, on the canvas.
cv::Mat outlines(const Mattes& mattes, const std::vector<Outline>& wanted, double breadth_px);

// A brush line through the points, thin at both ends, `breadth_px` in its middle. 0 … 1.
cv::Mat brush_line(const std::vector<cv::Point2d>& points, double breadth_px, const cv::Size& size);

// The jaw from ear to ear as such a line, without what lies outside of `skin`.
cv::Mat jaw_line(const face::Landmarks& landmarks, const cv::Mat& skin, double breadth_px);

// Independent numbers from `seed`, mean 0, standard deviation 1.
cv::Mat noise(const cv::Size& size, uint64_t seed);

// Paper with its fibres: about 1, deviating by `amplitude`; fibres are `stretch` times as long as broad. The
// same sheet at every size.
cv::Mat paper(int size_px, uint64_t seed, double amplitude, double stretch);

// Mean 0, standard deviation 1.
cv::Mat normalised(const cv::Mat& picture);

// Each value through value → f(value).
cv::Mat mapped(const cv::Mat& picture, const auto& f) {
  cv::Mat result(picture.size(), CV_32F);
  for (int y = 0; y < picture.rows; ++y) {
    const auto* from = picture.ptr<float>(y);
    auto* to = result.ptr<float>(y);
    for (int x = 0; x < picture.cols; ++x) to[x] = static_cast<float>(f(static_cast<double>(from[x])));
  }
  return result;
}

}  // namespace toonmirror::teachers
