#include "face/paste.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

// Crop and photo differ by no more than this, in grey levels of any channel, where the network left the
// picture alone.
constexpr double kSameLevels = 8;

// A low pass at half the sampling rate: the Lanczos kernel of radius 3 in pixels of the halved picture.
cv::Mat half_band_kernel() {
  constexpr int kRadius = 6;
  cv::Mat kernel(2 * kRadius + 1, 1, CV_32F);
  const auto sinc = [](double x) {
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
  };
  for (int i = -kRadius; i <= kRadius; ++i) {
    kernel.at<float>(i + kRadius) = static_cast<float>(sinc(i / 2.0) * sinc(i / 6.0));
  }
  return kernel / cv::sum(kernel)[0];
}

// The crop as seen at the frame's pixels of `region`. A crop finer than the frame is sampled at twice the
// frame's resolution and halved by a sharp low pass; averaging would blur what the frame can show.
cv::Mat crop_in_frame(const cv::Mat& crop, const Alignment& alignment, const cv::Rect& region) {
  const Alignment aligned = at_size(alignment, crop.cols);
  const cv::Matx23d crop_from_region =
      compose(aligned.crop_from_frame, translation(cv::Point2d(region.tl())));
  constexpr int kInterpolation = cv::INTER_CUBIC;
  constexpr int kBorder = cv::BORDER_REPLICATE;
  if (aligned.scale() >= 1) {
    return resample(crop, crop_from_region, region.size(), kInterpolation, kBorder);
  }
  static const cv::Mat kernel = half_band_kernel();
  const cv::Matx23d region_from_fine(0.5, 0, 0, 0, 0.5, 0);
  const cv::Mat fine = resample(crop, compose(crop_from_region, region_from_fine),
                                {2 * region.width, 2 * region.height}, kInterpolation, kBorder);
  cv::Mat smooth, halved;
  cv::sepFilter2D(fine, smooth, CV_8U, kernel, kernel, {-1, -1}, 0, cv::BORDER_REPLICATE);
  cv::resize(smooth, halved, region.size(), 0, 0, cv::INTER_NEAREST);
  return halved;
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

// 1 where the crops agree, 0 where they differ, CV_32FC1 of the crop's size. A pixel agrees if its
// neighbourhood does.
cv::Mat agreement(const cv::Mat& crop, const cv::Mat& photo_crop) {
  cv::Mat difference;
  cv::absdiff(crop, photo_crop, difference);
  std::array<cv::Mat, 3> channels;
  cv::split(difference, channels.data());
  cv::Mat largest = cv::max(channels[0], cv::max(channels[1], channels[2]));
  cv::dilate(largest, largest, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
  cv::blur(largest, largest, {5, 5});
  cv::Mat agrees;
  largest.convertTo(agrees, CV_32F, -1 / kSameLevels, 1);
  return cv::max(agrees, 0);
}

void require_square(const cv::Mat& picture, const char* what) {
  if (picture.empty() || picture.rows != picture.cols) {
    throw Error(std::string("paste: the ") + what + " is empty or not square");
  }
}

}  // namespace

cv::Rect paste_back(cv::Mat& frame_rgb, const cv::Mat& crop_rgb, const cv::Mat& mask,
                    const Alignment& alignment, const cv::Mat& photo_crop_rgb) {
  require_rgb(frame_rgb, "paste");
  require_rgb(crop_rgb, "paste");
  require_square(crop_rgb, "crop");
  require_square(mask, "mask");
  if (mask.type() != CV_32FC1 && mask.type() != CV_8UC1) {
    throw Error("paste: the mask has neither floats nor bytes");
  }
  const bool with_photo = !photo_crop_rgb.empty();
  if (with_photo && (photo_crop_rgb.size() != crop_rgb.size() || photo_crop_rgb.type() != CV_8UC3)) {
    throw Error("paste: the photo's crop differs from the crop in size or type");
  }
  const Alignment mask_alignment = at_size(alignment, mask.cols);
  const cv::Rect region = region_of(mask, mask_alignment, frame_rgb.size());
  if (region.empty()) {
    return {};
  }
  const auto in_region = [&](const cv::Mat& picture) {
    const cv::Matx23d from_region =
        compose(at_size(alignment, picture.cols).crop_from_frame, translation(cv::Point2d(region.tl())));
    return resample(picture, from_region, region.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  };
  cv::Mat mask_float;
  mask.convertTo(mask_float, CV_32F, mask.type() == CV_8UC1 ? 1 / 255.0 : 1);
  const cv::Mat share = in_region(mask_float);
  const cv::Mat drawn = crop_in_frame(crop_rgb, alignment, region);
  const cv::Mat photo = with_photo ? crop_in_frame(photo_crop_rgb, alignment, region) : cv::Mat();
  const cv::Mat agrees = with_photo ? in_region(agreement(crop_rgb, photo_crop_rgb)) : cv::Mat();

  for (int y = 0; y < region.height; ++y) {
    auto* out = frame_rgb.ptr<cv::Vec3b>(region.y + y) + region.x;
    const auto* from_crop = drawn.ptr<cv::Vec3b>(y);
    const auto* from_photo = with_photo ? photo.ptr<cv::Vec3b>(y) : nullptr;
    const float* shares = share.ptr<float>(y);
    for (int x = 0; x < region.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const float before = out[x][c];
        float after = from_crop[x][c];
        if (with_photo) {
          after += agrees.at<float>(y, x) * (before - from_photo[x][c]);
        }
        out[x][c] = cv::saturate_cast<uchar>(before + shares[x] * (after - before));
      }
    }
  }
  return region;
}

}  // namespace toonmirror::face
