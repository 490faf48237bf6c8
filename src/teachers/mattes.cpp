#include "teachers/mattes.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

constexpr int kFitted_px = 256;  // side at which borders are fitted to the photo,
constexpr int kBorder_px = 6;    // and how far they may move away from the labels there
// Enlarged, borders grow broad; what is below this share of a class, as far as above the other's, is none of
// it.
constexpr double kSharp = 0.2;

cv::Mat one_hot(const cv::Mat& labels, std::initializer_list<Label> members) {
  cv::Mat mask = cv::Mat::zeros(labels.size(), CV_8U);
  for (const Label label : members) mask |= labels == static_cast<int>(label);
  return mask;
}

void fill(cv::Mat& labels, const std::vector<cv::Point2d>& points, Label label) {
  constexpr double kFar = 16384;
  std::vector<cv::Point> rounded;
  for (const cv::Point2d& p : points)
    rounded.emplace_back(cvRound(std::clamp(p.x, -kFar, kFar)), cvRound(std::clamp(p.y, -kFar, kFar)));
  cv::fillPoly(labels, std::vector<std::vector<cv::Point>>{rounded}, static_cast<int>(label));
}

}  // namespace

Mattes::Mattes(const cv::Mat& photo, const cv::Mat& photo_labels) {
  using L = std::initializer_list<Label>;
  const std::array<L, 5> groups = {
      L{Label::kBackground}, L{Label::kHair}, L{Label::kHat}, L{Label::kCloth},
      L{Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kGlasses, Label::kMouth, Label::kLips}};
  const int size_px = photo.rows;
  cv::Mat guide, labels;
  photo.convertTo(guide, CV_32F, 1.0 / 255.0);
  cv::resize(photo_labels, labels, {kFitted_px, kFitted_px}, 0, 0, cv::INTER_NEAREST);
  const ColourGuide filter(resized(guide, kFitted_px), 5, 4e-4);
  const cv::Mat reach =
      cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * kBorder_px + 1, 2 * kBorder_px + 1});
  cv::Mat sum = cv::Mat::zeros(photo.size(), CV_32F);
  for (const L& group : groups) {
    const cv::Mat members = one_hot(labels, group);
    if (cv::countNonZero(members) == 0) continue;
    cv::Mat widest, narrowest, matte;
    cv::dilate(members, widest, reach);
    cv::erode(members, narrowest, reach);
    members.convertTo(matte, CV_32F, 1.0 / 255.0);
    matte = filter.apply(soft(matte, 0.8), guide);
    widest.convertTo(widest, CV_32F, 1.0 / 255.0);
    narrowest.convertTo(narrowest, CV_32F, 1.0 / 255.0);
    matte =
        cv::min(cv::max(matte, resized(soft(narrowest, 1.5), size_px)), resized(soft(widest, 1.5), size_px));
    for (float& value : cv::Mat_<float>(matte)) value = static_cast<float>(smooth_step(0.08, 0.92, value));
    // Classes of one group share its matte.
    cv::Mat shares = cv::Mat::zeros(photo.size(), CV_32F);
    for (const Label label : group) {
      const cv::Mat hard = one_hot(labels, {label});
      if (cv::countNonZero(hard) == 0 && label != *group.begin()) continue;
      cv::Mat& share = plane(label);
      hard.convertTo(share, CV_32F, 1.0 / 255.0);
      // Some of the first class everywhere: the matte may reach where no member's label does.
      share = cv::max(resized(soft(share, 0.9), size_px), label == *group.begin() ? 1e-4 : 0.0);
      shares += share;
    }
    for (const Label label : group) {
      if (!plane(label).empty()) plane(label) = plane(label).mul(matte) / shares;
    }
    sum += matte;
  }
  for (cv::Mat& mask : planes_) {
    if (mask.empty())
      mask = cv::Mat::zeros(photo.size(), CV_32F);
    else
      mask /= sum + 1e-6;
  }
}

Mattes Mattes::warped(const face::DisplacementField& field, int size_px) const {
  Mattes result;
  cv::Mat sum = cv::Mat::zeros(size_px, size_px, CV_32F);
  for (size_t i = 0; i < planes_.size(); ++i) {
    cv::Mat& mask = result.planes_[i];
    if (cv::countNonZero(planes_[i]) == 0) {
      mask = cv::Mat::zeros(size_px, size_px, CV_32F);
      continue;
    }
    mask = resized(field.warp(planes_[i], cv::INTER_LINEAR), size_px);
    // A trace is left, so that where many classes meet one of them is there.
    for (float& value : cv::Mat_<float>(mask)) {
      value =
          static_cast<float>(smooth_step(kSharp, 1 - kSharp, value) + 0.01 * std::clamp(value, 0.0f, 1.0f));
    }
    sum += mask;
  }
  for (cv::Mat& mask : result.planes_) mask /= sum + 1e-6;
  return result;
}

cv::Mat Mattes::of(std::initializer_list<Label> labels) const {
  cv::Mat sum;
  for (const Label label : labels) {
    const cv::Mat& mask = planes_[static_cast<size_t>(label)];
    sum = sum.empty() ? mask.clone() : cv::Mat(sum + mask);
  }
  return sum;
}

cv::Mat labels_or_landmarks(const cv::Mat& labels, const face::Landmarks& p) {
  if (cv::countNonZero(labels == static_cast<int>(Label::kSkin)) > static_cast<int>(labels.total() / 100))
    return labels;
  const auto range = [&](size_t first, size_t last) {
    return std::vector<cv::Point2d>(p.begin() + static_cast<std::ptrdiff_t>(first),
                                    p.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  };
  cv::Mat drawn = cv::Mat::zeros(labels.size(), CV_8U);
  std::vector<cv::Point2d> outline = range(0, 16);
  // The forehead: the brows, moved up by three quarters of the way from the nose's root to its tip.
  const cv::Point2d up = (p[27] - p[30]) * 0.75;
  for (size_t i = 26; i >= 17; --i) outline.push_back(p[i] + up);
  fill(drawn, outline, Label::kSkin);
  for (const size_t first : {17, 22}) {
    std::vector<cv::Point2d> brow = range(first, first + 4);
    for (size_t i = first + 5; i-- > first;) brow.push_back(p[i] - up * 0.12);
    fill(drawn, brow, Label::kBrow);
  }
  fill(drawn, range(36, 41), Label::kEye);
  fill(drawn, range(42, 47), Label::kEye);
  fill(drawn, range(48, 59), Label::kLips);
  fill(drawn, range(60, 67), Label::kMouth);
  return drawn;
}

}  // namespace toonmirror::teachers
