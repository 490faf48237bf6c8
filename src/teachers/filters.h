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

// Guided filter (He, Sun and Tang 2010) of `picture` with the one-channel `guide`, windows weighted by
// `mask`.
cv::Mat guided(const cv::Mat& guide, const cv::Mat& picture, const cv::Mat& mask, double sigma_px,
               double epsilon);

// Coherence-enhancing shock filter (Weickert 2003) on CV_8UC3: flows become strands with clear borders.
cv::Mat coherent(const cv::Mat& rgb8, int derivative_size, int structure_size, double strength,
                 int iterations);

// Averages the picture along the flow of its structure tensor, where mask > 0 (line integral convolution,
// Cabral and Leedom 1993): hair becomes strands, without losing its shapes. picture CV_32FC3.
cv::Mat along_flow(const cv::Mat& picture, const cv::Mat& mask, int steps, double step_px,
                   double structure_sigma_px);

// a where mask is 0, b where it is 1. Three channels, mask one channel.
cv::Mat mix(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask);

// CIE L (0 … 100), a, b of RGB, and back (clamped).
cv::Mat to_lab(const cv::Mat& rgb);
cv::Mat from_lab(const cv::Mat& lab);

// Scales the channels of a picture, then adds.
cv::Mat scaled(const cv::Mat& picture, const cv::Scalar& factor, const cv::Scalar& offset = {});

// Filled polygon with a soft border, CV_32FC1 of that size.
cv::Mat polygon_mask(const std::vector<cv::Point2d>& points, const cv::Size& size, double sigma_px);

// 0 below `low`, 1 above `high`, smooth between.
double smooth_step(double low, double high, double value);

}  // namespace toonmirror::teachers
