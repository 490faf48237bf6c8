#include "toon/surroundings.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/alignment.h"
#include "face/mask.h"

namespace toonmirror::toon {
namespace {

// All lengths are shares of the crop's side.
constexpr double kUndoubtedDistance = 0.12;  // ears, and hair of usual length
constexpr double kDoubtPerSide = 16;         // in log odds, for what lies a whole side farther
constexpr double kMostDoubt = 3;             // long hair is far from the face, and sure
constexpr double kToneRadius = 0.06;         // standard deviation

// Distance of each pixel to the face, 0 inside it, CV_32FC1 [size_px, size_px].
cv::Mat distance_to_face(const face::Landmarks& landmarks_in_crop, int crop_size_px, int size_px) {
  const double factor = static_cast<double>(size_px) / crop_size_px;
  const cv::Matx23d scaled(factor, 0, 0.5 * factor - 0.5, 0, factor, 0.5 * factor - 0.5);
  const cv::Mat face = face::mask_from_landmarks(face::transform(scaled, landmarks_in_crop), size_px);
  cv::Mat distance;
  cv::distanceTransform(face < 0.5, distance, cv::DIST_L2, cv::DIST_MASK_5);
  return distance / size_px;
}

bool is_head(int label) {
  return label != static_cast<int>(face::Label::kBackground) &&
         label != static_cast<int>(face::Label::kCloth);
}

float head_probability(const float* labels) {
  float sum = 0;
  for (int label = 0; label < face::kLabelCount; ++label) sum += is_head(label) ? labels[label] : 0;
  return std::clamp(sum, 1e-6F, 1 - 1e-6F);
}

// Of everything that is not head, CV_32FC1.
cv::Mat surroundings_probability(const cv::Mat& parsing) {
  cv::Mat result(parsing.size(), CV_32F);
  for (int y = 0; y < parsing.rows; ++y) {
    for (int x = 0; x < parsing.cols; ++x) {
      result.at<float>(y, x) = 1 - head_probability(parsing.ptr<float>(y, x));
    }
  }
  return result;
}

}  // namespace

cv::Mat plausible_parsing(const cv::Mat& parsing, const face::Landmarks& landmarks_in_crop, int crop_size_px,
                          double unit_px) {
  cv::Mat distance = distance_to_face(landmarks_in_crop, crop_size_px, parsing.cols);
  if (unit_px > 0) distance *= crop_size_px / unit_px;
  cv::Mat result = parsing.clone();
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) {
      const double beyond = distance.at<float>(y, x) - kUndoubtedDistance;
      if (beyond <= 0) continue;
      auto* labels = result.ptr<float>(y, x);
      const double head = head_probability(labels);
      const double odds = head / (1 - head) * std::exp(-std::min(kDoubtPerSide * beyond, kMostDoubt));
      const double doubted = odds / (1 + odds);
      const auto head_factor = static_cast<float>(doubted / head);
      const auto other_factor = static_cast<float>((1 - doubted) / (1 - head));
      for (int label = 0; label < face::kLabelCount; ++label) {
        labels[label] *= is_head(label) ? head_factor : other_factor;
      }
    }
  }
  return result;
}

cv::Mat match_surroundings(const cv::Mat& drawing, const cv::Mat& photo_crop, const cv::Mat& parsing) {
  const cv::Mat outside = surroundings_probability(parsing);
  const auto reduced = [&](const cv::Mat& picture) {
    cv::Mat small;
    cv::resize(picture, small, parsing.size(), 0, 0, cv::INTER_AREA);
    small.convertTo(small, CV_32F);
    return small;
  };
  const auto three = [](const cv::Mat& values) {
    cv::Mat merged;
    cv::merge(std::vector<cv::Mat>(3, values), merged);
    return merged;
  };
  // Normalised convolution: the mean difference of the surroundings nearby, whatever the head does.
  const double sigma = kToneRadius * parsing.cols;
  const cv::Mat sure = outside.mul(outside);
  cv::Mat difference = (reduced(photo_crop) - reduced(drawing)).mul(three(sure));
  cv::Mat weight = sure.clone();
  cv::GaussianBlur(difference, difference, {}, sigma, sigma, cv::BORDER_REPLICATE);
  cv::GaussianBlur(weight, weight, {}, sigma, sigma, cv::BORDER_REPLICATE);
  constexpr double kLittle = 1e-3;  // far inside the head nothing is known, and nothing is added
  cv::Mat tone = difference.mul(three(outside / (weight + kLittle)));
  cv::resize(tone, tone, drawing.size(), 0, 0, cv::INTER_LINEAR);
  cv::Mat result;
  cv::add(drawing, tone, result, cv::noArray(), CV_8U);
  return result;
}

}  // namespace toonmirror::toon
