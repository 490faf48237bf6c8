#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "teachers/film_parts.h"
#include "teachers/filters.h"
#include "teachers/hair.h"
#include "teachers/relief.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

cv::Mat lightness(const cv::Mat& lab) {
  cv::Mat light;
  cv::extractChannel(lab, light, 0);
  return light;
}

}  // namespace

cv::Mat film_hair(const Scene& scene, const FilmStage& stage, const cv::Mat& matte) {
  const cv::Mat inside = inside_of(resized(matte, kSmall_px), 0.25);
  if (cv::mean(inside)[0] < 0.002) return scene.lab;
  const double unit = scene.small_unit();
  cv::Mat hair = draw_hair(scene, matte, 1.0 + 0.25 * stage.colour);
  const cv::Mat light = lightness(resized(hair, kSmall_px));
  // Large shapes lose half of the photo's light and get the volume's own instead.
  const cv::Mat wide = masked_soft(light, inside, 0.22 * unit),
                near = masked_soft(light, inside, 0.13 * unit);
  const auto base = static_cast<float>(mean_where(light, inside));
  const cv::Mat normals = normals_of(dome(resized(matte, kSmall_px), 0.55 * unit), 1.0);
  cv::Mat shape(light.size(), CV_32F), band(light.size(), CV_32F);
  for (int y = 0; y < shape.rows; ++y) {
    for (int x = 0; x < shape.cols; ++x) {
      const cv::Vec3f n = normals.at<cv::Vec3f>(y, x);
      const float lit = std::clamp((n.dot(stage.key) + 0.35f) / 1.35f, 0.0f, 1.0f);
      const float large = base + (wide.at<float>(y, x) - base) * 0.55f;
      const float rim = std::pow(std::clamp(1 - n[2], 0.0f, 1.0f), 3.0f) * (n[0] > 0 ? 1.0f : 0.35f);
      shape.at<float>(y, x) = std::max(large, 11.0f) * (0.62f + 0.56f * lit) + 9.0f * rim;
      // The lit band where a rounded mass turns upwards.
      band.at<float>(y, x) = std::exp(-std::pow((n[1] + 0.42f) / 0.17f, 2.0f)) * inside.at<float>(y, x);
    }
  }
  // Strands of dark hair would look engraved.
  const auto relief = static_cast<float>(7.5 + 4.5 * smooth_step(15, 50, base));
  const cv::Mat shape_large = resized(soft(shape, 1.5), hair.rows),
                band_large = resized(soft(band, 2.0), hair.rows), near_large = resized(near, hair.rows);
  for (int y = 0; y < hair.rows; ++y) {
    for (int x = 0; x < hair.cols; ++x) {
      if (matte.at<float>(y, x) <= 0) continue;
      cv::Vec3f& pixel = hair.at<cv::Vec3f>(y, x);
      const float strand = relief * std::tanh((pixel[0] - near_large.at<float>(y, x)) / 9.5f);
      const float glow =
          (7.0f + 0.16f * base) * band_large.at<float>(y, x) * std::clamp(0.5f + strand / 14.0f, 0.0f, 1.3f);
      pixel[0] = std::clamp(shape_large.at<float>(y, x) + strand + glow, 2.0f, 97.0f);
    }
  }
  return hair;
}

cv::Mat film_cloth(const Scene& scene, const FilmStage& stage, const cv::Mat& things) {
  const double unit = scene.small_unit();
  const cv::Mat cloth = resized(scene.mattes.of({Label::kCloth, Label::kHat}), kSmall_px);
  const cv::Mat normals = normals_of(dome(cloth, 0.5 * unit), 0.6);
  cv::Mat shade(cloth.size(), CV_32F);
  for (int y = 0; y < shade.rows; ++y) {
    for (int x = 0; x < shade.cols; ++x) {
      const float facing = std::max(normals.at<cv::Vec3f>(y, x).dot(stage.key), 0.0f);
      shade.at<float>(y, x) = 1 + (0.30f * facing - 0.20f) * cloth.at<float>(y, x);
    }
  }
  cv::Mat result = things.clone();
  const cv::Mat large = resized(soft(shade, 2.0), result.rows);
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) result.at<cv::Vec3f>(y, x)[0] *= large.at<float>(y, x);
  }
  return result;
}

void film_lips(cv::Mat& picture, const Scene& scene, const FilmStage& stage) {
  const double unit = scene.small_unit();
  const cv::Mat lips = scene.mattes.of({Label::kLips});
  const cv::Mat small = resized(lips, kSmall_px);
  if (cv::countNonZero(small > 0.5f) < 20) return;
  const cv::Mat inside = inside_of(small, 0.4);
  const cv::Mat colour = resized(masked_soft(scene.small, inside, 0.05 * unit), picture.rows);
  // A fold in the middle and a roll on each side of it: the lips' own roundness on the face's.
  const cv::Mat normals = normals_of(soft(stage.height, 2) + dome(small, 0.10 * unit) * 0.9, 1.0);
  cv::Mat lit(small.size(), CV_32F), gloss(small.size(), CV_32F);
  for (int y = 0; y < lit.rows; ++y) {
    for (int x = 0; x < lit.cols; ++x) {
      const cv::Vec3f n = normals.at<cv::Vec3f>(y, x);
      lit.at<float>(y, x) = std::clamp((n.dot(stage.key) + 0.4f) / 1.4f, 0.0f, 1.0f);
      gloss.at<float>(y, x) = std::pow(std::clamp(n.dot(stage.gloss), 0.0f, 1.0f), 30.0f);
    }
  }
  const cv::Mat lit_large = resized(lit, picture.rows), gloss_large = resized(gloss, picture.rows),
                matte = soft(lips, 0.012 * scene.unit);
  const auto added = static_cast<float>(stage.colour);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const float cover = matte.at<float>(y, x);
      if (cover < 0.01f) continue;
      cv::Vec3f lip = colour.at<cv::Vec3f>(y, x);
      lip[0] =
          std::clamp(lip[0] * (0.74f + 0.40f * lit_large.at<float>(y, x)) + 22 * gloss_large.at<float>(y, x),
                     0.0f, 95.0f);
      lip[1] = lip[1] * 1.12f + 4.0f * added;
      lip[2] = lip[2] * 1.0f + 2.0f * added;
      picture.at<cv::Vec3f>(y, x) += (lip - picture.at<cv::Vec3f>(y, x)) * (0.9f * cover);
    }
  }
}

}  // namespace toonmirror::teachers
