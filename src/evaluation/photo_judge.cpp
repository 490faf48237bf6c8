#include "evaluation/photo_judge.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "face/mask.h"
#include "toon/pictures.h"

namespace toonmirror::evaluation {
namespace {

constexpr int kSharpnessSize_px = 512;

double outline_size(const face::Landmarks& points, int first) {
  std::vector<cv::Point2f> outline(points.begin() + first, points.begin() + first + 6);
  return std::sqrt(std::abs(cv::contourArea(outline)));
}

// Mean distance of the points, in distances of the outer eye corners.
double mean_error(const face::Landmarks& a, const face::Landmarks& b, const std::vector<int>& points) {
  double sum = 0;
  for (const int i : points) sum += cv::norm(a[i] - b[i]);
  return sum / static_cast<double>(points.size()) / cv::norm(a[36] - a[45]);
}

std::vector<int> all_points() {
  std::vector<int> points(face::kLandmarkCount);
  for (int i = 0; i < face::kLandmarkCount; ++i) points[static_cast<size_t>(i)] = i;
  return points;
}

}  // namespace

at::Tensor to_tensor(const face::Landmarks& points) {
  at::Tensor result = at::empty({1, face::kLandmarkCount, 2});
  auto values = result.accessor<float, 3>();
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    values[0][i][0] = static_cast<float>(points[i].x);
    values[0][i][1] = static_cast<float>(points[i].y);
  }
  return result;
}

double eye_size(const face::Landmarks& points) { return outline_size(points, 36) + outline_size(points, 42); }

cv::Mat face_area(const cv::Mat& labels) {
  using face::Label;
  cv::Mat area = cv::Mat::zeros(labels.size(), CV_8U);
  for (const Label label : {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kGlasses,
                            Label::kMouth, Label::kLips}) {
    area |= labels == static_cast<int>(label);
  }
  return area;
}

double sharpness(const cv::Mat& rgb, const cv::Mat& area) {
  cv::Mat lightness, scaled, x, y, magnitude, mask;
  cv::cvtColor(resized(rgb, kSharpnessSize_px), lightness, cv::COLOR_RGB2GRAY);
  lightness.convertTo(scaled, CV_32F, 1.0 / 255);
  cv::Scharr(scaled, x, CV_32F, 1, 0, 1.0 / 32);
  cv::Scharr(scaled, y, CV_32F, 0, 1, 1.0 / 32);
  cv::magnitude(x, y, magnitude);
  cv::resize(area, mask, magnitude.size(), 0, 0, cv::INTER_NEAREST);
  return cv::mean(magnitude, mask)[0];
}

at::Tensor all_defined(std::vector<at::Tensor> figures, const char* what) {
  std::erase_if(figures, [](const at::Tensor& figure) { return !figure.defined(); });
  if (figures.size() < 2) throw Error(std::string("there are fewer than two ") + what + " to measure");
  return at::cat(figures);
}

PhotoJudge::PhotoJudge(const std::filesystem::path& nets, face::SharedLandmarkPredictor predictor)
    : predictor_(std::move(predictor)) {
  if (nets.empty()) return;
  identity_.emplace(nets);
  lpips_.emplace(nets);
}

void PhotoJudge::compare_shapes(const std::string& suffix, const teachers::TrainingPair& pair,
                                const cv::Mat& drawing, Figures& figures) const {
  static const std::vector<int> kAll = all_points();
  static const std::vector<int> kNoseAndMouthCorners = {27, 28, 29, 30, 31, 32, 33, 34, 35, 48, 54};
  const cv::Rect2f box = face::box_of(pair.landmarks);
  const double roll = face::roll_of(pair.landmarks);
  const cv::Mat small = resized(drawing, kJudgedSize_px);
  const face::Landmarks a = predictor_.get()->predict(pair.photo, box, roll);
  const face::Landmarks b = predictor_.get()->predict(small, box, roll);
  figures["nme" + suffix] = mean_error(a, b, kAll);
  figures["nme_nose_mouth" + suffix] = mean_error(a, b, kNoseAndMouthCorners);
  if (const double eyes = eye_size(a); eyes > 0) figures["eyes" + suffix] = eye_size(b) / eyes;
  const cv::Mat area = face_area(pair.labels);
  cv::Mat difference;
  cv::absdiff(pair.photo, small, difference);
  const cv::Scalar mean = cv::mean(difference, area);
  figures["departure" + suffix] = (mean[0] + mean[1] + mean[2]) / (3 * 255);
  figures["sharpness" + suffix] = sharpness(drawing, area);
}

void PhotoJudge::compare_looks(const std::string& suffix, const teachers::TrainingPair& pair,
                               const cv::Mat& a, const cv::Mat& b, Figures& figures) const {
  figures["identity" + suffix] = (person(a, pair.landmarks) * person(b, pair.landmarks)).sum().item<double>();
  const int size_px = std::min(a.rows, b.rows);
  figures["lpips" + suffix] = (*lpips_)(toon::tensor_from_picture(resized(a, size_px)),
                                        toon::tensor_from_picture(resized(b, size_px)))
                                  .item<double>();
}

void PhotoJudge::compare(const teachers::TrainingPair& pair, const cv::Mat& drawing, const cv::Mat& taught,
                         Figures& figures) const {
  compare_shapes("", pair, drawing, figures);
  if (!taught.empty()) compare_shapes("_teacher", pair, taught, figures);
  if (!has_networks()) return;
  compare_looks("", pair, pair.photo, resized(drawing, kJudgedSize_px), figures);
  if (taught.empty()) return;
  compare_looks("_teacher", pair, pair.photo, resized(taught, kJudgedSize_px), figures);
  compare_looks("_to_teacher", pair, taught, drawing, figures);
}

at::Tensor PhotoJudge::person(const cv::Mat& crop, const face::Landmarks& landmarks) const {
  return identity_->embed(toon::tensor_from_picture(resized(crop, kJudgedSize_px)), to_tensor(landmarks));
}

at::Tensor PhotoJudge::summary(const cv::Mat& picture) const {
  return lpips_->summary(toon::tensor_from_picture(resized(picture, kJudgedSize_px)));
}

}  // namespace toonmirror::evaluation
