#include "teachers/hair.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

// Lab of the coherence-enhanced picture, at half size; lengths in 1/256 of it.
cv::Mat coherent_lab(const Scene& scene, double derivative_sigma, double structure_sigma, double strength,
                     int iterations) {
  cv::Mat rgb8, result;
  from_lab(scene.half).convertTo(rgb8, CV_8UC3, 255.0);
  const double px = scene.px();  // of half the canvas, as well
  coherent(rgb8, derivative_sigma * px, structure_sigma * px, strength,
           std::max(1, static_cast<int>(std::lround(iterations * px))))
      .convertTo(result, CV_32F, 1.0 / 255.0);
  return to_lab(result);
}

}  // namespace

cv::Mat draw_things(const Scene& scene) {
  std::vector<cv::Mat> planes;
  cv::split(coherent_lab(scene, 0.8, 1.5, 0.45, 2), planes);
  const cv::Mat light = planes[0] / 100.0;
  const cv::Mat everywhere = cv::Mat::ones(light.size(), CV_32F);
  for (cv::Mat& plane : planes)
    plane = guided_model(light, plane / 100.0, everywhere, 2.0 * scene.px(), 0.0012).apply(light) * 100.0;
  cv::Mat result;
  cv::merge(planes, result);
  return resized(result, scene.canvas_px());
}

cv::Mat draw_background(const Scene& scene, const cv::Mat& things) {
  const cv::Mat small = resized(things, kSmall_px);
  const cv::Mat inside = inside_of(resized(scene.mattes.of({Label::kBackground}), kSmall_px), 0.5);
  const cv::Mat blurred = masked_soft(small, inside, 0.045 * scene.small_unit());
  cv::Mat keep(small.size(), CV_32F);
  for (int y = 0; y < small.rows; ++y) {
    for (int x = 0; x < small.cols; ++x) {
      const cv::Vec3f d = small.at<cv::Vec3f>(y, x) - scene.skin;
      const double distance = d[1] * d[1] + d[2] * d[2] + 0.1 * d[0] * d[0];
      keep.at<float>(y, x) = static_cast<float>(0.85 * std::exp(-distance / (2 * 8.0 * 8.0)));
    }
  }
  return mix(resized(blurred, scene.canvas_px()), things, resized(soft(keep, 3), scene.canvas_px()));
}

cv::Mat draw_hair(const Scene& scene, const cv::Mat& matte, double saturation) {
  const cv::Mat inside = inside_of(matte, 0.25);
  if (cv::mean(inside)[0] < 0.002) return scene.lab;
  // Strands are combed at the size of the picture; their contrast is cut out at the canvas'.
  const cv::Mat combed = along_flow(coherent_lab(scene, 1.0, 2.2, 0.5, 3), inside_of(halved(matte), 0.25), 12,
                                    scene.px(), 0.025 * scene.unit);
  cv::Mat light;
  cv::extractChannel(resized(combed, kSmall_px), light, 0);
  const cv::Mat shape =
      resized(masked_soft(light, inside_of(resized(matte, kSmall_px), 0.25), 0.13 * scene.small_unit()),
              scene.canvas_px());
  cv::Mat strands = resized(combed, scene.canvas_px());
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
