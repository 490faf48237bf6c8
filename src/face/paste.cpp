#include "face/paste.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "face/thin_edges.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// Lets through what a picture of `scale` times the sampling rate can show: a Lanczos kernel of radius 3 in
// that picture's pixels.
cv::Mat low_pass_kernel(double scale) {
  constexpr double kLobes = 3;
  const int radius = static_cast<int>(std::floor(kLobes / scale));
  cv::Mat kernel(2 * radius + 1, 1, CV_32F);
  const auto sinc = [](double x) {
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
  };
  for (int i = -radius; i <= radius; ++i) {
    kernel.at<float>(i + radius) = static_cast<float>(sinc(i * scale) * sinc(i * scale / kLobes));
  }
  return kernel / cv::sum(kernel)[0];
}

// The crop as seen at the frame's pixels of `region`. A crop finer than the frame is filtered sharply, in its
// own pixels, before it is sampled; averaging would blur what the frame can show.
cv::Mat crop_in_frame(const cv::Mat& crop, const Alignment& alignment, const cv::Rect& region) {
  const Alignment aligned = at_size(alignment, crop.cols);
  const cv::Matx23d crop_from_region =
      compose(aligned.crop_from_frame, translation(cv::Point2d(region.tl())));
  const double scale = aligned.scale();
  cv::Mat source = crop;
  if (scale < 1) {
    const cv::Mat kernel = low_pass_kernel(scale);
    cv::sepFilter2D(crop, source, CV_8U, kernel, kernel, {-1, -1}, 0, cv::BORDER_REPLICATE);
  }
  cv::Mat target;
  cv::warpAffine(source, target, cv::Mat(crop_from_region), region.size(),
                 cv::INTER_CUBIC | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return thin_edges(target, scale);
}

// The frame's pixels that the mask reaches.
cv::Rect region_of(const cv::Mat& mask, const Alignment& alignment, cv::Size frame) {
  const cv::Rect used = cv::boundingRect(mask > 0);
  if (used.empty()) {
    return {};
  }
  // One pixel of the mask more on each side: it is interpolated.
  const std::array<cv::Point2d, 4> corners = {
      cv::Point2d(used.x - 1, used.y - 1), cv::Point2d(used.x + used.width, used.y - 1),
      cv::Point2d(used.x - 1, used.y + used.height), cv::Point2d(used.x + used.width, used.y + used.height)};
  cv::Point2d first(frame.width, frame.height), last(-1, -1);
  for (const cv::Point2d& corner : corners) {
    const cv::Point2d p = transform(alignment.frame_from_crop, corner);
    first = {std::min(first.x, p.x), std::min(first.y, p.y)};
    last = {std::max(last.x, p.x), std::max(last.y, p.y)};
  }
  const auto bounded = [](double value, int most) { return int(std::clamp(value, 0.0, double(most))); };
  return {
      cv::Point(bounded(std::floor(first.x), frame.width), bounded(std::floor(first.y), frame.height)),
      cv::Point(bounded(std::ceil(last.x) + 1, frame.width), bounded(std::ceil(last.y) + 1, frame.height))};
}

void require_square(const cv::Mat& picture, const char* what) {
  if (picture.empty() || picture.rows != picture.cols) {
    throw Error(std::string("paste: the ") + what + " is empty or not square");
  }
}

}  // namespace

cv::Rect paste_back(cv::Mat& frame_rgb, const cv::Mat& crop_rgb, const cv::Mat& mask,
                    const Alignment& alignment) {
  require_rgb(frame_rgb, "paste");
  require_rgb(crop_rgb, "paste");
  require_square(crop_rgb, "crop");
  require_square(mask, "mask");
  if (mask.type() != CV_32FC1 && mask.type() != CV_8UC1) {
    throw Error("paste: the mask has neither floats nor bytes");
  }
  const Alignment mask_alignment = at_size(alignment, mask.cols);
  const cv::Rect region = region_of(mask, mask_alignment, frame_rgb.size());
  if (region.empty()) {
    return {};
  }
  cv::Mat mask_float;
  mask.convertTo(mask_float, CV_32F, mask.type() == CV_8UC1 ? 1 / 255.0 : 1);
  const cv::Mat share =
      resample(mask_float, compose(mask_alignment.crop_from_frame, translation(cv::Point2d(region.tl()))),
               region.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  const cv::Mat drawn = crop_in_frame(crop_rgb, alignment, region);

  for (int y = 0; y < region.height; ++y) {
    auto* out = frame_rgb.ptr<cv::Vec3b>(region.y + y) + region.x;
    const auto* from_crop = drawn.ptr<cv::Vec3b>(y);
    const float* shares = share.ptr<float>(y);
    for (int x = 0; x < region.width; ++x) {
      if (shares[x] <= 0) continue;
      for (int c = 0; c < 3; ++c) {
        const float before = out[x][c];
        out[x][c] =
            cv::saturate_cast<uchar>(before + shares[x] * (static_cast<float>(from_crop[x][c]) - before));
      }
    }
  }
  return region;
}

}  // namespace toonmirror::face
