#include "teachers/hair.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

// Lab of the coherence-enhanced picture, at half size.
cv::Mat coherent_lab(const cv::Mat& lab, double derivative_sigma, double structure_sigma, double strength,
                     int iterations) {
  cv::Mat rgb8, result;
  from_lab(lab).convertTo(rgb8, CV_8UC3, 255.0);
  coherent(rgb8, derivative_sigma, structure_sigma, strength, iterations)
      .convertTo(result, CV_32F, 1.0 / 255.0);
  return to_lab(result);
}

cv::Mat enlarged(const cv::Mat& half) {
  cv::Mat result;
  cv::resize(half, result, {}, 2, 2, cv::INTER_CUBIC);
  return result;
}

}  // namespace

cv::Mat draw_things(const Scene& scene) {
  std::vector<cv::Mat> planes;
  cv::split(coherent_lab(scene.half, 0.8, 1.5, 0.45, 2), planes);
  const cv::Mat light = planes[0] / 100.0;
  const cv::Mat everywhere = cv::Mat::ones(light.size(), CV_32F);
  for (cv::Mat& plane : planes)
    plane = guided_model(light, plane / 100.0, everywhere, 2.0, 0.0012).apply(light) * 100.0;
  cv::Mat result;
  cv::merge(planes, result);
  return enlarged(result);
}

cv::Mat draw_background(const Scene& scene, const cv::Mat& things) {
  const cv::Mat half = halved(things);
  const cv::Mat inside = inside_of(halved(scene.mattes.of({Label::kBackground})), 0.5);
  const cv::Mat blurred = masked_soft(half, inside, 0.045 * scene.unit / 2);
  cv::Mat keep(half.size(), CV_32F);
  for (int y = 0; y < half.rows; ++y) {
    for (int x = 0; x < half.cols; ++x) {
      const cv::Vec3f d = half.at<cv::Vec3f>(y, x) - scene.skin;
      const double distance = d[1] * d[1] + d[2] * d[2] + 0.1 * d[0] * d[0];
      keep.at<float>(y, x) = static_cast<float>(0.85 * std::exp(-distance / (2 * 8.0 * 8.0)));
    }
  }
  return mix(doubled(blurred), things, doubled(soft(keep, 3)));
}

cv::Mat draw_hair(const Scene& scene, const cv::Mat& matte, double saturation) {
  const cv::Mat inside = inside_of(matte, 0.25);
  if (cv::mean(inside)[0] < 0.002) return scene.lab;
  cv::Mat strands = enlarged(coherent_lab(scene.half, 1.0, 2.2, 0.5, 3));
  strands = along_flow(strands, inside, 12, 2.0, 0.05 * scene.unit);
  std::vector<cv::Mat> planes;
  cv::split(halved(strands), planes);
  const cv::Mat shape = doubled(masked_soft(planes[0], halved(inside), 0.13 * scene.unit / 2));
  for (int y = 0; y < strands.rows; ++y) {
    for (int x = 0; x < strands.cols; ++x) {
      if (inside.at<float>(y, x) <= 0) continue;
      // Contrast of strands is compressed: few clear tones instead of many.
      cv::Vec3f& pixel = strands.at<cv::Vec3f>(y, x);
      const float large = shape.at<float>(y, x), contrast = pixel[0] - large;
      const float clear = contrast * contrast * contrast / (contrast * contrast + 5.0f);  // no faint wrinkles
      pixel[0] = large * 1.02f + 13.5f * std::tanh(clear / 9.0f);
      const auto chroma = static_cast<float>(saturation);
      // Lights in hair are warm; black hair keeps its depth without turning grey.
      pixel[1] = pixel[1] * chroma + 0.6f;
      pixel[2] = pixel[2] * chroma + 1.0f;
    }
  }
  return strands;
}

}  // namespace toonmirror::teachers
