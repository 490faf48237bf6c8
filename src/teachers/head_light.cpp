#include "teachers/head_light.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace toonmirror::teachers {
namespace {

constexpr int kTerms = 9;
using Terms = cv::Vec<double, kTerms>;

Terms terms_of(const cv::Vec3f& n) {
  const double x = n[0], y = n[1], z = n[2];
  return {1, x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1};
}

struct Sample {
  Terms terms;
  double light, weight;
};

}  // namespace

HeadLight::HeadLight(const cv::Mat& normals, const cv::Mat& light, const cv::Mat& weight) {
  constexpr int kStep = 3;
  constexpr double kOutlier = 0.06;                        // of lightness: a difference that counts half
  constexpr double kHeldFirst = 0.02, kHeldSecond = 0.15;  // regularisation of the orders
  std::vector<Sample> samples;
  for (int y = 0; y < normals.rows; y += kStep) {
    for (int x = 0; x < normals.cols; x += kStep) {
      if (weight.at<float>(y, x) <= 0.5f) continue;
      samples.push_back({terms_of(normals.at<cv::Vec3f>(y, x)), light.at<float>(y, x), 1.0});
    }
  }
  constexpr size_t kFewest = 200 / (kStep * kStep);
  if (samples.size() < kFewest) {
    coefficients_[0] = 0.6;
    return;
  }
  cv::Mat solution;
  for (int round = 0; round < 4; ++round) {
    cv::Mat matrix = cv::Mat::zeros(kTerms, kTerms, CV_64F), right = cv::Mat::zeros(kTerms, 1, CV_64F);
    for (const Sample& s : samples) {
      for (int i = 0; i < kTerms; ++i) {
        right.at<double>(i) += s.weight * s.terms[i] * s.light;
        for (int j = 0; j < kTerms; ++j) matrix.at<double>(i, j) += s.weight * s.terms[i] * s.terms[j];
      }
    }
    const auto count = static_cast<double>(samples.size());
    for (int i = 1; i < kTerms; ++i) matrix.at<double>(i, i) += (i < 4 ? kHeldFirst : kHeldSecond) * count;
    cv::solve(matrix, right, solution, cv::DECOMP_CHOLESKY);
    for (Sample& s : samples) {
      double seen = 0;
      for (int i = 0; i < kTerms; ++i) seen += s.terms[i] * solution.at<double>(i);
      s.weight = 1.0 / (1.0 + std::pow((s.light - seen) / kOutlier, 2));
    }
  }
  for (int i = 0; i < kTerms; ++i) coefficients_[static_cast<size_t>(i)] = solution.at<double>(i);
}

cv::Mat HeadLight::on(const cv::Mat& normals) const {
  cv::Mat result(normals.size(), CV_32F);
  for (int y = 0; y < normals.rows; ++y) {
    for (int x = 0; x < normals.cols; ++x) {
      const Terms terms = terms_of(normals.at<cv::Vec3f>(y, x));
      double light = 0;
      for (int i = 0; i < kTerms; ++i) light += terms[i] * coefficients_[static_cast<size_t>(i)];
      result.at<float>(y, x) = static_cast<float>(std::clamp(light, 0.15, 2.0));
    }
  }
  return result;
}

cv::Vec3f HeadLight::direction() const {
  const cv::Vec3d d(coefficients_[1], coefficients_[2], std::max(coefficients_[3], 0.0));
  const double length = cv::norm(d);
  if (length < 1e-6) return {0, 0, 1};
  return cv::Vec3f(static_cast<float>(d[0] / length), static_cast<float>(d[1] / length),
                   static_cast<float>(d[2] / length));
}

}  // namespace toonmirror::teachers
