#include "face/mask.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"
#include "face/alignment.h"
#include "face/geometry.h"
#include "face/warp.h"

namespace toonmirror::face {

namespace {

constexpr int kLeastSizePx = 16;

// All lengths below are shares of the FFHQ square's side.
constexpr double kBorderFade = 0.06;
constexpr double kSquareFade = 0.10;
constexpr double kHullFeather = 0.018;  // standard deviation
constexpr double kGuideRadius = 0.03;
constexpr double kOutwardFeather = 0.008;
constexpr double kLargestHole = 0.004;  // of the square's area; a larger one may be a hand
constexpr double kGuideNoise = 0.03;    // contrast of the photo that is no edge, of full scale
constexpr double kNeckEnd = 0.985;      // from the top
constexpr double kNeckLatestStart = 0.90;

float smooth_step(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return static_cast<float>(t * t * (3 - 2 * t));
}

// 0 on the outermost pixels, 1 from `fade` (a share of the side) inwards.
cv::Mat border_window(int size_px, double fade) {
  cv::Mat profile(size_px, 1, CV_32F);
  for (int i = 0; i < size_px; ++i) {
    profile.at<float>(i) = smooth_step(std::min(i, size_px - 1 - i) / (fade * size_px));
  }
  return profile * profile.t();
}

void require_size(int size_px) {
  if (size_px < kLeastSizePx) {
    throw Error("mask: a crop smaller than 16 px");
  }
}

// 255 inside the hull of the landmarks and the forehead. Facial thirds: the hairline is about as far above
// the brows as the base of the nose is below them; four fifths of it spare the hair, and the arch falls off
// to the temples.
cv::Mat face_hull(const Landmarks& landmarks, int size_px) {
  constexpr double kForeheadOfThird = 0.8;
  constexpr double kArch = 0.55;
  const cv::Point2d brows = mean_of(landmarks, 17, 27);
  const cv::Point2d up = brows - landmarks[33];
  const double half_width = std::max(0.5 * cv::norm(landmarks[26] - landmarks[17]), 1e-6);
  std::vector<cv::Point2f> points(landmarks.begin(), landmarks.end());
  for (int i = 17; i < 27; ++i) {
    const double outward = std::min(cv::norm(landmarks[i] - brows) / half_width, 1.0);
    points.emplace_back(landmarks[i] + kForeheadOfThird * (1 - kArch * outward * outward) * up);
  }
  std::vector<cv::Point2f> hull;
  cv::convexHull(points, hull);
  constexpr int kFractionBits = 4;
  std::vector<cv::Point> fixed;
  for (const cv::Point2f& point : hull) {
    // Far outside the crop the exact place does not matter, but OpenCV's integers must hold it.
    const auto bounded = [&](float v) { return std::clamp(v, -4.0F * size_px, 5.0F * size_px); };
    fixed.emplace_back(cvRound(bounded(point.x) * (1 << kFractionBits)),
                       cvRound(bounded(point.y) * (1 << kFractionBits)));
  }
  cv::Mat filled(size_px, size_px, CV_8U, cv::Scalar(0));
  cv::fillConvexPoly(filled, fixed, cv::Scalar(255), cv::LINE_AA, kFractionBits);
  return filled;
}

bool is_head(int label) {
  return label > static_cast<int>(Label::kBackground) && label < static_cast<int>(Label::kCloth);
}

// The probability of head at each pixel, CV_32FC1.
cv::Mat head_probability(const cv::Mat& labels) {
  cv::Mat head(labels.size(), CV_32F);
  if (labels.type() == CV_32FC(kLabelCount)) {
    for (int y = 0; y < labels.rows; ++y) {
      const float* in = labels.ptr<float>(y);
      for (int x = 0; x < labels.cols; ++x, in += kLabelCount) {
        float sum = 0;
        for (int label = 0; label < kLabelCount; ++label) {
          sum += is_head(label) ? in[label] : 0;
        }
        head.at<float>(y, x) = std::clamp(sum, 0.0F, 1.0F);
      }
    }
  } else if (labels.type() == CV_8UC1) {
    std::transform(labels.begin<uchar>(), labels.end<uchar>(), head.begin<float>(),
                   [](uchar label) { return is_head(label) ? 1.0F : 0.0F; });
  } else {
    throw Error("mask: the labels are neither 11 probabilities nor one byte a pixel");
  }
  return head;
}

// 255 where the largest region of `head` above one half touches the face, its small holes filled; all 0 where
// none does.
cv::Mat connected_with_face(const cv::Mat& head, const cv::Mat& hull, double unit_px) {
  cv::Mat component, stats, centroids;
  const int count = cv::connectedComponentsWithStats(head > 0.5, component, stats, centroids, 8);
  std::vector<int> shared(count, 0);
  for (int y = 0; y < hull.rows; ++y) {
    for (int x = 0; x < hull.cols; ++x) {
      shared[component.at<int>(y, x)] += hull.at<uchar>(y, x) > 127 ? 1 : 0;
    }
  }
  shared[0] = 0;
  const int best = static_cast<int>(std::max_element(shared.begin(), shared.end()) - shared.begin());
  if (shared[best] == 0) {
    return cv::Mat(head.size(), CV_8U, cv::Scalar(0));
  }
  cv::Mat kept = component == best;
  const int holes = cv::connectedComponentsWithStats(~kept, component, stats, centroids, 4);
  const double largest = kLargestHole * unit_px * unit_px;
  for (int hole = 1; hole < holes; ++hole) {
    if (stats.at<int>(hole, cv::CC_STAT_AREA) <= largest) {
      kept.setTo(255, component == hole);
    }
  }
  return kept;
}

// Guided filter (He, Sun, Tang 2010) with a grey guide: locally the result is a linear function of the guide,
// so its edges fall on the guide's.
cv::Mat guided_filter(const cv::Mat& guide, const cv::Mat& input, int radius, double noise) {
  const cv::Size window(2 * radius + 1, 2 * radius + 1);
  const auto mean = [&](const cv::Mat& picture) {
    cv::Mat averaged;
    cv::boxFilter(picture, averaged, CV_32F, window);
    return averaged;
  };
  const cv::Mat mean_guide = mean(guide);
  const cv::Mat mean_input = mean(input);
  const cv::Mat variance = mean(guide.mul(guide)) - mean_guide.mul(mean_guide);
  const cv::Mat covariance = mean(guide.mul(input)) - mean_guide.mul(mean_input);
  const cv::Mat a = covariance / (variance + noise * noise);
  const cv::Mat b = mean_input - a.mul(mean_guide);
  return mean(a).mul(guide) + mean(b);
}

void fade_neck(cv::Mat& mask, double chin_y) {
  const double end = kNeckEnd * mask.rows;
  const double start = std::min(chin_y + 0.01 * mask.rows, kNeckLatestStart * mask.rows);
  for (int y = std::max(0, static_cast<int>(start)); y < mask.rows; ++y) {
    mask.row(y) *= smooth_step((end - y) / (end - start));
  }
}

}  // namespace

cv::Mat mask_from_landmarks(const Landmarks& landmarks_in_crop, int size_px) {
  require_size(size_px);
  cv::Mat mask;
  face_hull(landmarks_in_crop, size_px).convertTo(mask, CV_32F, 1 / 255.0);
  cv::GaussianBlur(mask, mask, {}, kHullFeather * size_px);
  return mask.mul(border_window(size_px, kBorderFade));
}

cv::Mat mask_from_labels(const cv::Mat& labels, const cv::Mat& crop_rgb, const Landmarks& landmarks_in_crop,
                         const MaskView& view) {
  require_rgb(crop_rgb, "mask");
  require_size(std::min(crop_rgb.rows, crop_rgb.cols));
  if (crop_rgb.rows != crop_rgb.cols || labels.empty()) {
    throw Error("mask: the crop is not square, or there are no labels");
  }
  const int size_px = std::min(crop_rgb.cols, view.most_size_px);
  const double unit_px = size_px / view.side;
  const double factor = double(size_px) / crop_rgb.cols;
  const Landmarks landmarks = transform(scaling(factor, factor), landmarks_in_crop);
  cv::Mat head, guide;
  cv::resize(head_probability(labels), head, {size_px, size_px}, 0, 0, cv::INTER_LINEAR);
  cv::cvtColor(crop_rgb, guide, cv::COLOR_RGB2GRAY);
  cv::resize(guide, guide, {size_px, size_px}, 0, 0, cv::INTER_AREA);
  guide.convertTo(guide, CV_32F, 1 / 255.0);

  const cv::Mat kept = connected_with_face(head, face_hull(landmarks, size_px), unit_px);
  if (cv::countNonZero(kept) == 0) {
    return mask_from_landmarks(landmarks, size_px);
  }
  // Probabilities below one half are kept around the component: they are its soft edge.
  cv::Mat near_kept;
  const int reach = std::max(1, cvRound(0.02 * unit_px));
  cv::dilate(kept, near_kept, cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * reach + 1, 2 * reach + 1}));
  head.setTo(0, near_kept == 0);
  head.setTo(1, kept & (head <= 0.5));  // the filled holes
  cv::Mat mask = guided_filter(guide, head, std::max(1, cvRound(kGuideRadius * unit_px)), kGuideNoise);
  // From 0 at a fifth of head to 1 at two thirds: the edge lies a little outside, where no rim of the photo
  // shows.
  mask.forEach<float>([](float& value, const int*) { value = smooth_step((value - 0.2) / (0.65 - 0.2)); });
  cv::GaussianBlur(mask, mask, {}, kOutwardFeather * unit_px);
  if (view.ends_neck) fade_neck(mask, landmarks[8].y);
  return mask.mul(border_window(size_px, kBorderFade));
}

cv::Mat mask_square(int size_px) {
  require_size(size_px);
  return border_window(size_px, kSquareFade);
}

}  // namespace toonmirror::face
