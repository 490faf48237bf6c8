#include "toon/scene.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/mask.h"
#include "teachers/filters.h"
#include "toon/scene_manners.h"

namespace toonmirror::toon {
namespace {

using teachers::smooth_step;

// CV_32FC1 of the parsing's size: whatever is no background.
cv::Mat person_of(const cv::Mat& parsing) {
  cv::Mat background;
  cv::extractChannel(parsing, background, static_cast<int>(face::Label::kBackground));
  return 1 - background;
}

// In sides of the FFHQ square from its centre, x to the right and y down along the face.
double body_below(double x, double y) {
  constexpr double kNeck = 0.45, kShoulders = 1.0, kSlope = 1.15, kSoft = 0.35;
  const double half_width = 0.3 + kSlope * std::clamp(y - kNeck, 0.0, kShoulders - kNeck + 0.4);
  return smooth_step(kNeck, kNeck + 0.3, y) *
         (1 - smooth_step(half_width - kSoft, half_width + kSoft, std::abs(x)));
}

void add_person(cv::Mat& figure, const DrawnFace& head, double scale) {
  const cv::Mat person = person_of(head.wide.parsing);
  const double to_wide = static_cast<double>(person.cols) / head.wide.alignment.crop_size_px;
  const double unit = head.alignment.crop_size_px;
  constexpr double kBorder = 0.08;  // of the wide view: there the guess takes over
  for (int y = 0; y < figure.rows; ++y) {
    auto* out = figure.ptr<float>(y);
    for (int x = 0; x < figure.cols; ++x) {
      const cv::Point2d at((x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5);
      const cv::Point2d in_square = face::transform(head.alignment.crop_from_frame, at) / unit;
      double value = body_below(in_square.x - 0.5, in_square.y - 0.5);
      const cv::Point2d p = face::transform(head.wide.alignment.crop_from_frame, at) * to_wide;
      const double inside = std::min({p.x, p.y, person.cols - 1 - p.x, person.rows - 1 - p.y}) / person.cols;
      if (inside > 0) {
        const double seen = person.at<float>(cvRound(p.y), cvRound(p.x));
        value += (seen - value) * smooth_step(0, kBorder, inside);
      }
      out[x] = std::max(out[x], static_cast<float>(value));
    }
  }
}

}  // namespace

cv::Mat figures(const std::vector<DrawnFace>& heads, const cv::Size& frame, const cv::Size& size) {
  constexpr int kFigure_px = 160;  // longer side: it is soft
  const double scale = std::min(1.0, static_cast<double>(kFigure_px) / std::max(frame.width, frame.height));
  const cv::Size coarse(std::max(1, cvRound(frame.width * scale)),
                        std::max(1, cvRound(frame.height * scale)));
  cv::Mat figure = cv::Mat::zeros(coarse, CV_32F);
  bool known = false;
  for (const DrawnFace& head : heads) {
    if (head.wide.photo.empty()) continue;
    add_person(figure, head, scale);
    known = true;
  }
  if (!known) return cv::Mat::ones(size, CV_32F);
  figure = teachers::soft(figure, 1.0);
  cv::Mat result;
  cv::resize(figure, result, size, 0, 0, cv::INTER_LINEAR);
  return result;
}

void draw_scene(cv::Mat& rgb, SceneManner manner, const std::vector<DrawnFace>& heads) {
  if (manner == SceneManner::kNone) return;
  constexpr double kLargest_px = 1280;
  const double scale = std::min(1.0, kLargest_px / std::max(rgb.cols, rgb.rows));
  // Filters halve it.
  const auto even = [scale](int length) { return std::max(16, 2 * cvRound(length * scale / 2)); };
  const cv::Size size(even(rgb.cols), even(rgb.rows));
  SceneInput input;
  cv::resize(rgb, input.rgb, size, 0, 0, cv::INTER_AREA);
  input.figure = figures(heads, rgb.size(), size);
  input.unit = std::hypot(size.width, size.height) / 800;
  const cv::Mat drawn = draw_in_manner(input, manner);
  cv::resize(drawn, rgb, rgb.size(), 0, 0, cv::INTER_CUBIC);
}

}  // namespace toonmirror::toon
