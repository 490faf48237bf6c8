// A drawn face in the place of an FFHQ-aligned one, with its landmarks and labels.
#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "teachers/drawing.h"

namespace toonmirror::testing {

struct SyntheticFaceOptions {
  bool eyes_open = true;
  bool beard = false;
  cv::Scalar skin = {215, 170, 145};
  int picture_px = 256;
};

// 468 points on the front of an ellipsoid in the place of that face, the cheeks' and the nose's numbers where
// MediaPipe has them.
inline std::vector<cv::Point3d> synthetic_mesh() {
  std::vector<cv::Point3d> mesh;
  constexpr int kPoints = 468;
  for (int i = 0; i < kPoints; ++i) {
    const double r = std::sqrt((i + 0.5) / kPoints), angle = i * 2.399963;  // evenly spread (Vogel 1979)
    mesh.emplace_back(128 + 64 * r * std::cos(angle), 142 + 84 * r * std::sin(angle),
                      60 * std::sqrt(1 - r * r));
  }
  const auto swap_to = [&mesh](size_t index, double x, double y) {
    const auto nearest = std::min_element(mesh.begin(), mesh.end(), [&](const auto& a, const auto& b) {
      return std::hypot(a.x - x, a.y - y) < std::hypot(b.x - x, b.y - y);
    });
    std::swap(mesh[index], *nearest);
  };
  swap_to(50, 88, 150);
  swap_to(205, 98, 165);
  swap_to(280, 168, 150);
  swap_to(425, 158, 165);
  swap_to(4, 128, 152);
  return mesh;
}

inline teachers::FaceDrawingInput synthetic_face(const SyntheticFaceOptions& options = {}) {
  using face::Label;
  teachers::FaceDrawingInput input;
  input.picture_px = options.picture_px;
  input.photo = cv::Mat(256, 256, CV_8UC3, cv::Scalar(60, 110, 160));
  input.labels = cv::Mat::zeros(256, 256, CV_8U);
  input.mesh = synthetic_mesh();
  const auto ellipse = [&](cv::Point centre, cv::Size axes, const cv::Scalar& colour, Label label) {
    cv::ellipse(input.photo, centre, axes, 0, 0, 360, colour, cv::FILLED, cv::LINE_AA);
    cv::ellipse(input.labels, centre, axes, 0, 0, 360, static_cast<int>(label), cv::FILLED);
  };
  ellipse({128, 118}, {88, 100}, {70, 45, 30}, Label::kHair);
  ellipse({128, 140}, {66, 88}, options.skin, Label::kSkin);
  if (options.beard) cv::ellipse(input.photo, {128, 200}, {50, 26}, 0, 0, 180, {50, 35, 28}, cv::FILLED);
  for (const int x : {97, 159}) {
    ellipse({x, 96}, {17, 4}, {60, 40, 30}, Label::kBrow);
    if (!options.eyes_open) continue;
    ellipse({x, 115}, {14, 6}, {240, 240, 240}, Label::kEye);
    ellipse({x, 115}, {6, 6}, {70, 110, 60}, Label::kIris);
  }
  ellipse({128, 188}, {26, 8}, {190, 90, 90}, Label::kLips);

  const auto place = [&](int index, double x, double y) {
    input.landmarks[static_cast<size_t>(index)] = {x, y};
  };
  for (int i = 0; i <= 16; ++i) {
    const double angle = CV_PI * (1.0 - i / 16.0);
    place(i, 128 + 66 * std::cos(angle), 140 + 88 * std::sin(angle));
  }
  for (int i = 0; i < 5; ++i) {
    place(17 + i, 80 + 8 * i, 96);
    place(22 + i, 144 + 8 * i, 96);
  }
  for (int i = 0; i < 4; ++i) place(27 + i, 128, 118 + 11 * i);
  for (int i = 0; i < 5; ++i) place(31 + i, 118 + 5 * i, 160);
  const double lid = options.eyes_open ? 5 : 1;
  for (int eye = 0; eye < 2; ++eye) {
    const double x = eye == 0 ? 97 : 159;
    const int first = 36 + 6 * eye;
    place(first, x - 14, 115);
    place(first + 1, x - 5, 115 - lid);
    place(first + 2, x + 5, 115 - lid);
    place(first + 3, x + 14, 115);
    place(first + 4, x + 5, 115 + lid);
    place(first + 5, x - 5, 115 + lid);
  }
  for (int i = 0; i < 12; ++i) {
    const double angle = CV_PI * (1.0 + i / 6.0);
    place(48 + i, 128 + 26 * std::cos(angle), 188 + 8 * std::sin(angle));
  }
  for (int i = 0; i < 8; ++i) {
    const double angle = CV_PI * (1.0 + i / 4.0);
    place(60 + i, 128 + 20 * std::cos(angle), 188 + 2 * std::sin(angle));
  }
  return input;
}

}  // namespace toonmirror::testing
