// Faces and pictures for the tests of this folder: made up ones, and those of the shared folders where they
// are present.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "face/alignment.h"
#include "face/landmarks.h"

namespace toonmirror::face::testing {

// The folder named by an environment variable, by default ../shared/NAME beside the source tree; empty where
// it is absent.
inline std::filesystem::path shared_folder(const char* variable, const char* name) {
  const char* value = std::getenv(variable);
  const std::filesystem::path folder =
      value != nullptr ? std::filesystem::path(value)
                       : std::filesystem::path(TOONMIRROR_SOURCE_DIR) / ".." / "shared" / name;
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

inline cv::Mat read_rgb(const std::filesystem::path& file) {
  cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
  if (!picture.empty()) {
    cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  }
  return picture;
}

// A frontal face by rule of thumb, eyes about a unit apart: x right, y down, origin between the eyes.
inline Landmarks unit_face() {
  Landmarks face;
  const auto arc = [&](int first, int count, cv::Point2d centre, double rx, double ry, double from,
                       double to) {
    for (int i = 0; i < count; ++i) {
      const double t = from + (to - from) * i / (count - 1);
      face[first + i] = centre + cv::Point2d(rx * std::cos(t), ry * std::sin(t));
    }
  };
  constexpr double pi = std::numbers::pi;
  arc(0, 17, {0, 0.2}, 1.15, 1.6, pi, 0);
  arc(17, 5, {-0.55, -0.2}, 0.4, 0.2, pi, 2 * pi);
  arc(22, 5, {0.55, -0.2}, 0.4, 0.2, pi, 2 * pi);
  for (int i = 0; i < 4; ++i) face[27 + i] = {0, 0.05 + 0.2 * i};
  arc(31, 5, {0, 0.75}, 0.25, 0.1, pi, 0);
  arc(36, 6, {-0.5, 0}, 0.2, 0.08, pi, 3 * pi - pi / 3);
  arc(42, 6, {0.5, 0}, 0.2, 0.08, pi, 3 * pi - pi / 3);
  arc(48, 12, {0, 1.15}, 0.4, 0.2, pi, 3 * pi - pi / 6);
  arc(60, 8, {0, 1.15}, 0.25, 0.1, pi, 3 * pi - pi / 4);
  return face;
}

// `unit_face` turned clockwise, with `eyes_px` between the eyes and the origin at `between_eyes`.
inline Landmarks face_at(const cv::Point2d& between_eyes, double eyes_px, double roll_rad = 0) {
  const double c = eyes_px * std::cos(roll_rad);
  const double s = eyes_px * std::sin(roll_rad);
  return transform(cv::Matx23d(c, -s, between_eyes.x, s, c, between_eyes.y), unit_face());
}

// A picture with detail down to about `finest_px` per period and beyond the range of no byte.
inline cv::Mat textured_picture(cv::Size size, double finest_px, int seed) {
  cv::Mat noise(size, CV_32FC3);
  cv::RNG random(seed);
  random.fill(noise, cv::RNG::NORMAL, 0, 1);
  cv::GaussianBlur(noise, noise, {}, finest_px / 4);
  cv::Scalar mean, deviation;
  cv::meanStdDev(noise, mean, deviation);
  cv::Mat picture;
  noise.convertTo(picture, CV_8U, 30 / deviation[0], 128);
  return picture;
}

// Loaded once for all tests of the program.
inline SharedLandmarkPredictor shared_predictor() {
  static const SharedLandmarkPredictor predictor = load_landmark_predictor();
  return predictor;
}

}  // namespace toonmirror::face::testing
