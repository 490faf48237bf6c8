// Picture filters that the teachers share. Pictures are CV_32F, one or three channels, values 0 … 1 unless
// said otherwise; masks are CV_32FC1, 0 … 1. All are deterministic.
#pragma once

#include <opencv2/core.hpp>

namespace toonmirror::teachers {

// Gaussian blur; from sigma 3 on three box filters, whose cost does not grow with sigma (Wells 1986).
cv::Mat soft(const cv::Mat& picture, double sigma_px);

// Gaussian mean of the pixels inside `mask` alone (normalised convolution, Knutsson and Westin 1993), so that
// nothing bleeds in from outside.
cv::Mat masked_soft(const cv::Mat& picture, const cv::Mat& mask, double sigma_px);

// picture ≈ slope · guide + offset in every window. Fitted small and applied large it costs little (He and
// Sun 2015).
struct LinearModel {
  cv::Mat slope, offset;
  cv::Mat apply(const cv::Mat& guide) const { return slope.mul(guide) + offset; }
  LinearModel enlarged(const cv::Size& size) const;  // for a guide of that size
};

// Guided filter (He, Sun and Tang 2010) of `picture` with the one-channel `guide`, windows weighted by
// `mask`, so that nothing bleeds in from outside.
LinearModel guided_model(const cv::Mat& guide, const cv::Mat& picture, const cv::Mat& mask, double sigma_px,
                         double epsilon);

// The guided filter with a guide of three channels, for many pictures: its costly part is done once.
class ColourGuide {
 public:
  // `guide` CV_32FC3; windows of side 2 · radius + 1.
  ColourGuide(const cv::Mat& guide, int radius_px, double epsilon);
  // `picture` CV_32FC1 of the guide's size. The result has the size of `large_guide`, the guide as fine as it
  // is known: fitted small and applied large (He and Sun 2015).
  cv::Mat apply(const cv::Mat& picture, const cv::Mat& large_guide) const;

 private:
  int radius_px_;
  cv::Mat guide_, mean_;
  cv::Mat inverse_;  // CV_32FC(6): the inverse covariances' rr, rg, rb, gg, gb, bb
};

// Coherence-enhancing shock filter (Weickert 2003) on CV_8UC3: flows become strands with clear borders.
// Curvature is measured at `derivative_sigma`, the flow at `structure_sigma`.
cv::Mat coherent(const cv::Mat& rgb8, double derivative_sigma_px, double structure_sigma_px, double strength,
                 int iterations);

// Averages a Lab picture (CV_32FC3) along the flow of its lightness, where mask > 0 (line integral
// convolution, Cabral and Leedom 1993): hair becomes strands, without losing its shapes.
cv::Mat along_flow(const cv::Mat& lab, const cv::Mat& mask, int steps, double step_px,
                   double structure_sigma_px);

// A square picture at another size: by averaging where it shrinks, else by cubic interpolation.
cv::Mat resized(const cv::Mat& picture, int side_px);
// The same place in a square picture of another size; pixel centres at integers.
cv::Point2d rescaled(const cv::Point2d& point, double scale);
// a where mask is 0, b where it is 1. Three channels, mask one channel.
cv::Mat mix(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask);

// CIE L (0 … 100), a, b of RGB, and back (clamped).
cv::Mat to_lab(const cv::Mat& rgb);
cv::Mat from_lab(const cv::Mat& lab);

// Filled polygon with a soft border, CV_32FC1 of that size.
cv::Mat polygon_mask(const std::vector<cv::Point2d>& points, const cv::Size& size, double sigma_px);

// 0 below `low`, 1 above `high`, smooth between.
double smooth_step(double low, double high, double value);

}  // namespace toonmirror::teachers
