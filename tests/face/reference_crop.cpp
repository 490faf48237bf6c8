#include "reference_crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"
#include "face/alignment.h"
#include "face/warp.h"
#include "pillow.h"

namespace toonmirror::face {

namespace {

constexpr int kMostSizePx = 8192;
constexpr double kMostSidePx = 1e6;
constexpr double kMostPaddedPx = 64e6;

using Quad = std::array<cv::Point2d, 4>;

// The picture that is worked on and where the face's square lies in it.
struct Work {
  cv::Mat picture;
  Quad quad;
  double side_px;
};

// The integer bounds of a quad, in double: it may lie far away.
struct Bounds {
  double left, top, right, bottom;
};

Bounds bounds_of(const Quad& quad) {
  const auto [left, right] = std::minmax({quad[0].x, quad[1].x, quad[2].x, quad[3].x});
  const auto [top, bottom] = std::minmax({quad[0].y, quad[1].y, quad[2].y, quad[3].y});
  return {std::floor(left), std::floor(top), std::ceil(right), std::ceil(bottom)};
}

void shift(Quad& quad, const cv::Point2d& by) {
  for (cv::Point2d& corner : quad) {
    corner += by;
  }
}

// A large face is first reduced by a whole factor.
void shrink(Work& work, int output_size_px) {
  const int factor = static_cast<int>(std::floor(work.side_px / output_size_px * 0.5));
  if (factor <= 1) {
    return;
  }
  const cv::Size size(static_cast<int>(std::rint(double(work.picture.cols) / factor)),
                      static_cast<int>(std::rint(double(work.picture.rows) / factor)));
  if (size.empty()) {
    throw Error("alignment: the face is much larger than the picture");
  }
  work.picture = pillow_lanczos(work.picture, size);
  for (cv::Point2d& corner : work.quad) {
    corner /= factor;
  }
  work.side_px /= factor;
}

void cut(Work& work, double border) {
  const Bounds b = bounds_of(work.quad);
  const double left = std::max(b.left - border, 0.0);
  const double top = std::max(b.top - border, 0.0);
  const double right = std::min(b.right + border, double(work.picture.cols));
  const double bottom = std::min(b.bottom + border, double(work.picture.rows));
  if (right <= left || bottom <= top) {
    throw Error("alignment: the face lies outside the picture");
  }
  work.picture = work.picture(cv::Rect(cv::Point(int(left), int(top)), cv::Point(int(right), int(bottom))));
  shift(work.quad, {-left, -top});
}

// scipy.ndimage.gaussian_filter with its defaults.
cv::Mat scipy_gaussian(const cv::Mat& picture, double sigma) {
  const int radius = static_cast<int>(4 * sigma + 0.5);
  cv::Mat kernel(2 * radius + 1, 1, CV_64F);
  for (int i = -radius; i <= radius; ++i) {
    kernel.at<double>(i + radius) = std::exp(-0.5 * i * i / (sigma * sigma));
  }
  kernel /= cv::sum(kernel)[0];
  cv::Mat blurred;
  cv::sepFilter2D(picture, blurred, CV_32F, kernel, kernel, {-1, -1}, 0, cv::BORDER_REFLECT);
  return blurred;
}

// numpy.median over the pixels of each channel.
cv::Vec3f median_of(const cv::Mat& picture) {
  cv::Vec3f median;
  std::vector<float> values(picture.total());
  for (int c = 0; c < 3; ++c) {
    std::transform(picture.begin<cv::Vec3f>(), picture.end<cv::Vec3f>(), values.begin(),
                   [c](const cv::Vec3f& pixel) { return pixel[c]; });
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    median[c] =
        values.size() % 2 == 1 ? *middle : 0.5F * (*middle + *std::max_element(values.begin(), middle));
  }
  return median;
}

struct Padding {
  int left, top, right, bottom;
};

// 0 or less inside the original picture, rising to 1 at the outer border.
float outsideness(int x, int y, cv::Size size, const Padding& pad) {
  const float horizontal =
      1 - std::min(float(x) / float(pad.left), float(size.width - 1 - x) / float(pad.right));
  const float vertical =
      1 - std::min(float(y) / float(pad.top), float(size.height - 1 - y) / float(pad.bottom));
  return std::max(horizontal, vertical);
}

// Blends each pixel towards `target(x, y)` by clamp(gain * outsideness + offset, 0, 1).
template <typename Target>
void blend_outside(cv::Mat& picture, const Padding& pad, float gain, float offset, const Target& target) {
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const float share = std::clamp(gain * outsideness(x, y, picture.size(), pad) + offset, 0.0F, 1.0F);
      cv::Vec3f& pixel = picture.at<cv::Vec3f>(y, x);
      pixel += (target(x, y) - pixel) * share;
    }
  }
}

// Where the square reaches beyond the picture: mirrored, ever more blurred, and fading to the median colour.
void pad_softly(Work& work, double border) {
  const Bounds b = bounds_of(work.quad);
  const cv::Size size = work.picture.size();
  std::array<double, 4> reach = {-b.left + border, -b.top + border, b.right - size.width + border,
                                 b.bottom - size.height + border};
  if (*std::max_element(reach.begin(), reach.end()) <= border - 4) {
    return;
  }
  const double least = std::rint(0.3 * work.side_px);
  for (double& side : reach) {
    side = std::max({side, least, 1.0});
  }
  if ((size.width + reach[0] + reach[2]) * (size.height + reach[1] + reach[3]) > kMostPaddedPx) {
    throw Error("alignment: the face is too large or too far outside the picture");
  }
  const Padding pad{int(reach[0]), int(reach[1]), int(reach[2]), int(reach[3])};
  cv::Mat picture;
  work.picture.convertTo(picture, CV_32F);
  cv::copyMakeBorder(picture, picture, pad.top, pad.bottom, pad.left, pad.right,
                     cv::BORDER_REFLECT_101 | cv::BORDER_ISOLATED);
  const cv::Mat blurred = scipy_gaussian(picture, 0.02 * work.side_px);
  blend_outside(picture, pad, 3, 1, [&](int x, int y) { return blurred.at<cv::Vec3f>(y, x); });
  const cv::Vec3f median = median_of(picture);
  blend_outside(picture, pad, 1, 0, [&](int, int) { return median; });
  picture.convertTo(work.picture, CV_8U);
  shift(work.quad, cv::Point2d(pad.left, pad.top));
}

}  // namespace

cv::Mat reference_crop(const cv::Mat& rgb, const Landmarks& landmarks, int output_size_px,
                       int transform_size_px) {
  require_rgb(rgb, "alignment");
  if (std::min(output_size_px, transform_size_px) < 1 ||
      std::max(output_size_px, transform_size_px) > kMostSizePx) {
    throw Error("alignment: a crop size below 1 or above 8192 px");
  }
  const FaceSquare square = ffhq_square(landmarks);
  const double side_px = 2 * cv::norm(square.right);
  if (!(side_px > 0 && side_px < kMostSidePx)) {
    throw Error("alignment: the face's square is empty or too large");
  }
  Work work{rgb, quad_of(square), side_px};
  shrink(work, output_size_px);
  const double border = std::max(std::rint(0.1 * work.side_px), 3.0);
  cut(work, border);
  pad_softly(work, border);
  shift(work.quad, {0.5, 0.5});
  const cv::Mat crop = pillow_quad(work.picture, work.quad, transform_size_px);
  return output_size_px < transform_size_px ? pillow_lanczos(crop, {output_size_px, output_size_px}) : crop;
}

}  // namespace toonmirror::face
