// Pictures as files and cameras give them, as OpenCV has them, and as networks take them.
#pragma once

#include <ATen/ATen.h>

#include <opencv2/core.hpp>

#include "media/frame.h"
#include "media/still.h"

namespace toonmirror::toon {

// The pixels of a frame or still, CV_8UC3 RGB, not copied: of use as long as it is. Of one that may not be
// changed a copy.
cv::Mat picture_of(media::Frame& frame);
cv::Mat picture_of(media::StillImage& image);
cv::Mat picture_of(const media::StillImage& image);

// Makes the pixels (CV_8UC3 RGB) those of a frame; its place in time stays.
void set_picture(media::Frame& frame, const cv::Mat& rgb);
// A still of them, to be written.
media::StillImage still_of(const cv::Mat& rgb);

// CV_8UC3 RGB, H × W → [1, 3, H, W] float in [-1, 1] on that device; in memory channels-last, as the networks
// want it.
at::Tensor tensor_from_picture(const cv::Mat& rgb, at::Device device = at::kCPU);

// [1, 3, H, W] or [3, H, W] float in about [-1, 1], on any device → CV_8UC3 RGB; what is outside is clamped.
cv::Mat picture_from_tensor(const at::Tensor& rgb);

}  // namespace toonmirror::toon
