#include "teachers/painting.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"
#include "teachers/lines.h"
#include "teachers/sitting.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

constexpr uint64_t kBrushSeed = 7;

// Lengths in 1/512 of the canvas.
struct Brush {
  double radius_px;
  double spacing_px;
  double error;   // paints where the canvas differs by more; 0 … 3, sum over R, G, B
  double detail;  // and only from this much detail on, 0 … 1
};
// The first two cover all of the canvas, so that their strokes lie in the same places on every face: a child
// can learn what does not move.
constexpr Brush kBrushes[] = {{15, 13, -1, -1}, {9, 10, -1, -1}, {5, 5, 0.09, 0.12}, {2.4, 2.6, 0.09, 0.4}};

// A painter's palette: chroma up, lights warm, shadows on skin a cool red, what is behind a little colder.
cv::Mat pushed_colours(const Scene& scene) {
  cv::Mat rgb8, smooth;
  from_lab(resized(scene.lab, kWork_px)).convertTo(rgb8, CV_8UC3, 255.0);
  cv::bilateralFilter(rgb8, smooth, 9, 35, 9);
  smooth.convertTo(smooth, CV_32F, 1.0 / 255.0);
  cv::Mat lab = to_lab(smooth);
  const cv::Mat skin = resized(scene.mattes.of({Label::kSkin}), kWork_px);
  const cv::Mat behind = resized(scene.mattes.of({Label::kBackground}), kWork_px);
  for (int y = 0; y < lab.rows; ++y) {
    auto* pixel = lab.ptr<cv::Vec3f>(y);
    for (int x = 0; x < lab.cols; ++x) {
      const double l = std::clamp(pixel[x][0] / 100.0, 0.0, 1.0);
      const double s = skin.at<float>(y, x);
      const double shadow = std::clamp(0.55 - l, 0.0, 0.5) * s, bright = std::clamp(l - 0.65, 0.0, 0.35);
      pixel[x][0] = static_cast<float>(100.0 * std::clamp(l - 0.05 * std::sin(2 * CV_PI * l), 0.03, 0.97));
      pixel[x][1] = static_cast<float>(pixel[x][1] * 1.2 + 10 * shadow - 5 * bright * s);
      pixel[x][2] =
          static_cast<float>(pixel[x][2] * 1.22 + 14 * bright * s - 14 * shadow - 5 * behind.at<float>(y, x));
    }
  }
  return from_lab(lab);
}

class Painter {
 public:
  // All of kWork_px.
  Painter(const cv::Mat& reference, const cv::Mat& flow, const cv::Mat& detail, const cv::Mat& calm,
          int canvas_px)
      : reference_(reference),
        flow_(flow),
        detail_(detail),
        calm_(calm),
        canvas_(resized(soft(reference, 9), canvas_px)),
        height_(cv::Mat::zeros(canvas_px, canvas_px, CV_32F)),
        scale_(static_cast<double>(canvas_px) / kWork_px),
        random_(kBrushSeed) {}

  void paint(const Brush& brush) {
    target_ = soft(reference_, brush.radius_px * 0.45);
    cv::Mat error;
    cv::absdiff(resized(canvas_, kWork_px), target_, error);
    cv::transform(error, error, cv::Matx13f(1, 1, 1));
    const int window = static_cast<int>(brush.radius_px * 2) | 1;
    cv::blur(error, error, {window, window});
    for (const cv::Point2d& start : shuffled_starts(brush.spacing_px)) {
      // All numbers of a stroke are drawn whether it is painted or not: another photo moves no other stroke.
      const cv::Vec3d chance(random_.gaussian(1), random_.gaussian(1), random_.uniform(0.0, 1.0));
      const cv::Point pixel = inside(start);
      const double detail = detail_.at<float>(pixel);
      if (error.at<float>(pixel) <= brush.error || detail < brush.detail) continue;
      stroke(start, brush, chance, calm_.at<float>(pixel), detail);
    }
  }

  const cv::Mat& canvas() const { return canvas_; }
  const cv::Mat& height() const { return height_; }

 private:
  cv::Point inside(const cv::Point2d& p) const {
    return {std::clamp(cvRound(p.x), 0, kWork_px - 1), std::clamp(cvRound(p.y), 0, kWork_px - 1)};
  }

  std::vector<cv::Point2d> shuffled_starts(double spacing) {
    std::vector<cv::Point2d> starts;
    const double reach = 0.6 * spacing;
    const int rows = cvCeil(kWork_px / spacing), columns = rows;
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        const double x = column * spacing + random_.uniform(-reach, reach);
        starts.emplace_back(x, row * spacing + random_.uniform(-reach, reach));
      }
    }
    for (size_t i = starts.size(); i > 1; --i) {
      std::swap(starts[i - 1], starts[static_cast<size_t>(random_.uniform(0, static_cast<int>(i)))]);
    }
    return starts;
  }

  void stroke(const cv::Point2d& start, const Brush& brush, const cv::Vec3d& chance, double calm,
              double detail) {
    constexpr int kShift = 3;
    // Paint is never mixed quite the same: lighter or darker, warmer or colder. Less where features are, and
    // on skin, where every spot is seen.
    const double variety = 1 - 0.85 * calm;
    const double light = 1 + 0.065 * variety * chance[0], warmth = 0.03 * variety * chance[1];
    const cv::Vec3f colour =
        target_.at<cv::Vec3f>(inside(start))
            .mul(cv::Vec3f(static_cast<float>(light * (1 + warmth)), static_cast<float>(light),
                           static_cast<float>(light * (1 - 1.5 * warmth))));
    const auto fixed = [this](const cv::Point2d& place) {
      const cv::Point2d p = rescaled(place, scale_);
      return cv::Point(cvRound(p.x * (1 << kShift)), cvRound(p.y * (1 << kShift)));
    };
    std::vector<cv::Point> points = {fixed(start)};
    const int length = detail < 0.4 ? 4 : 3;
    cv::Point2d p = start, before;
    for (int i = 0; i < length; ++i) {
      const cv::Vec2f along = flow_.at<cv::Vec2f>(inside(p));
      cv::Point2d direction(along[0], along[1]);
      if (direction.dot(before) < 0) direction = -direction;
      before = direction;
      p += direction * brush.radius_px * 0.85;
      const cv::Vec3f there = target_.at<cv::Vec3f>(inside(p)) - colour;
      if (std::abs(there[0]) + std::abs(there[1]) + std::abs(there[2]) > 0.22f) break;
      points.push_back(fixed(p));
    }
    if (points.size() < 2) points.push_back(fixed(start + cv::Point2d(0.5, 0.5)));
    const int breadth = std::max(1, static_cast<int>(brush.radius_px * 1.5 * scale_));
    const cv::Scalar paint(std::clamp(colour[0], 0.0f, 1.0f), std::clamp(colour[1], 0.0f, 1.0f),
                           std::clamp(colour[2], 0.0f, 1.0f));
    cv::polylines(canvas_, points, false, paint, breadth, cv::LINE_8, kShift);
    cv::polylines(height_, points, false, cv::Scalar(chance[2]), breadth, cv::LINE_8, kShift);
  }

  cv::Mat reference_, flow_, detail_, calm_;
  cv::Mat canvas_, height_;  // RGB 0 … 1; thickness of the paint 0 … 1
  double scale_;             // canvas pixels in a pixel of the others
  cv::Mat target_;           // the reference as coarse as the brush
  cv::RNG random_;
};

// Strokes follow the forms: round the face and its features, along hair and cloth as they fall, slanting
// behind. On skin that is told by the landmarks instead of the light, so that it is alike on every face.
cv::Mat stroke_flow(const Scene& scene, const cv::Mat& light) {
  const cv::Mat falls = flow_of(light, 1.5, 9.0);
  const cv::Mat slanting = uniform_flow(light.size(), 52);
  const cv::Mat skin = soft(resized(scene.mattes.of({Label::kSkin, Label::kBrow, Label::kEye, Label::kIris,
                                                     Label::kMouth, Label::kLips, Label::kGlasses}),
                                    kWork_px),
                            6);
  const cv::Mat behind = soft(resized(scene.mattes.of({Label::kBackground}), kWork_px), 6);
  const auto point = [&scene](size_t i) { return rescaled(scene.landmarks[i], 1.0 / scene.px()); };
  const cv::Point2d across = point(16) - point(0);
  const cv::Point2d centre = 0.5 * (point(0) + point(16)) + 0.28 * (point(8) - point(27));
  const double half_width = std::max(0.5 * cv::norm(across), 1.0), half_height = 1.6 * half_width;
  cv::Mat flow(light.size(), CV_32FC2);
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      const double dx = (x - centre.x) / half_width, dy = (y - centre.y) / half_height;
      const double length = std::max(std::hypot(dx, dy), 1e-6);
      const cv::Vec2f round(static_cast<float>(-dy / length), static_cast<float>(dx / length));
      // Directions without a sign are added as doubled angles.
      cv::Vec2f sum(0, 0);
      const auto add = [&sum](const cv::Vec2f& d, float weight) {
        sum += weight * cv::Vec2f(d[0] * d[0] - d[1] * d[1], 2 * d[0] * d[1]);
      };
      const float s = skin.at<float>(y, x), b = behind.at<float>(y, x);
      add(round, s);
      add({0, 1}, 2 * s * static_cast<float>(1 - smooth_step(0.1, 0.55, length)));  // along the nose
      add(slanting.at<cv::Vec2f>(y, x), b);
      add(falls.at<cv::Vec2f>(y, x), std::max(0.0f, 1 - s - b) + 0.05f);
      const float angle = 0.5f * std::atan2(sum[1], sum[0]);
      flow.at<cv::Vec2f>(y, x) = cv::Vec2f(std::cos(angle), std::sin(angle));
    }
  }
  return flow;
}

// The relief of strokes and bristles under a light from above on the left: a factor, about 1. `height` of the
// canvas, the others of kWork_px.
cv::Mat relief(const cv::Mat& height, const cv::Mat& flow, const cv::Mat& quiet) {
  const double scale = static_cast<double>(height.rows) / kWork_px;
  const cv::Mat bristles = normalised(averaged_along(flow, noise(flow.size(), kBrushSeed + 1), 9));
  const cv::Mat surface = soft(height, 1.2 * scale) * 2.2 + resized(bristles, height.rows) * 0.11;
  cv::Mat gx, gy;
  cv::Sobel(surface, gx, CV_32F, 1, 0, 3, scale);
  cv::Sobel(surface, gy, CV_32F, 0, 1, 3, scale);
  const cv::Mat slope = mapped(gx * 0.5 + gy * 0.8, [](double s) { return std::clamp(s, -1.0, 1.0); });
  return 1.0 + slope.mul(1.0 - resized(quiet, height.rows) * 0.6) * 0.11;
}

}  // namespace

Drawing draw_painting(const FaceDrawingInput& input) {
  Sitting sitting = prepare(input, kPaintingGeometry);
  Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  relight(scene);
  const cv::Mat reference = pushed_colours(scene);
  cv::Mat light;
  cv::extractChannel(to_lab(reference), light, 0);
  const cv::Mat flow = stroke_flow(scene, light / 100.0);
  const cv::Mat features = inside_of(resized(mattes.of({Label::kBrow, Label::kEye, Label::kIris,
                                                        Label::kMouth, Label::kLips, Label::kGlasses}),
                                             kWork_px),
                                     0.3);
  const auto point = [&scene](size_t i) { return rescaled(scene.landmarks[i], 1.0 / scene.px()); };
  const cv::Mat nose = brush_line({point(27), point(30), point(33)}, 0.6 * scene.small_unit(), light.size());
  cv::Mat detail;
  cv::max(soft(features, 5) * 1.6, cv::Mat(soft(nose, 4)), detail);
  cv::max(detail, cv::Mat(soft(resized(mattes.of({Label::kSkin}), kWork_px), 3) * 0.2), detail);
  detail = mapped(detail, [](double value) { return std::clamp(value, 0.0, 1.0); });

  cv::Mat calm;
  cv::max(detail, cv::Mat(soft(resized(mattes.of({Label::kSkin}), kWork_px), 3) * 0.6), calm);
  Painter painter(reference, flow, detail, calm, scene.canvas_px());
  for (const Brush& brush : kBrushes) painter.paint(brush);
  const cv::Mat shine = relief(painter.height(), flow, calm);
  cv::Mat canvas = soft(painter.canvas(), 0.7 * scene.px()), factor;
  cv::merge(std::vector<cv::Mat>{shine, shine, shine}, factor);
  cv::Mat picture = to_lab(canvas.mul(factor));

  const cv::Vec3f hair = hair_colour(scene);
  EyeLook look;
  look.iris_lab = sitting.iris_lab;
  look.lash_lab = {std::clamp(hair[0] * 0.4f, 8.0f, 24.0f), 4, 5};
  look.white_light = white_light(scene) - 4.0;
  look.opened_lids = 0.04;
  look.line_px = 0.026 * scene.unit;
  cv::Mat painted = picture.clone();
  paint_eyes(painted, sitting, look, mattes.of({Label::kHair, Label::kHat, Label::kGlasses}) * 0.8);
  // Painted eyes stay part of the picture: strokes show through.
  picture = picture * 0.35 + painted * 0.65;
  sitting.drawing.picture = picture_from_canvas(picture);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
