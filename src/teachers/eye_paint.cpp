#include "teachers/eye_paint.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "face/mask.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

// Coordinates of a pixel in the eye: t along the corners (0 … 1), the height of both lids there, all in
// pixels but t.
struct EyePoint {
  double t, below, top, bottom;
  double slope_top,
      slope_bottom;  // 1 / length of the lid's normal in vertical units: turns heights to distances
};

class EyeFrame {
 public:
  explicit EyeFrame(const DrawnEye& eye)
      : eye_(eye), width_(eye.shape.width()), along_((eye.shape.right - eye.shape.left) / width_) {}

  EyePoint at(const cv::Point2d& pixel) const {
    const cv::Point2d d = pixel - eye_.shape.left;
    EyePoint p;
    p.t = d.dot(along_) / width_;
    p.below = d.x * -along_.y + d.y * along_.x;
    p.top = -width_ * lid(eye_.shape.upper, p.t);
    p.bottom = width_ * lid(eye_.shape.lower, p.t);
    p.slope_top = across(eye_.shape.upper, p.t);
    p.slope_bottom = across(eye_.shape.lower, p.t);
    return p;
  }
  double width() const { return width_; }

 private:
  // Outside the corners the lids go on as a line falling a little.
  static double lid(const Lid& lid, double t) { return t <= 0 || t >= 1 ? 0 : lid.at(t); }
  static double across(const Lid& shape, double t) {
    constexpr double kStep = 0.03;
    const double slope = (lid(shape, t + kStep) - lid(shape, t - kStep)) / (2 * kStep);
    return 1.0 / std::sqrt(1.0 + std::min(slope * slope, 4.0));
  }

  const DrawnEye& eye_;
  double width_;
  cv::Point2d along_;
};

cv::Rect area_of(const DrawnEye& eye, const cv::Size& size) {
  const double width = eye.shape.width();
  const cv::Point2d middle = (eye.shape.left + eye.shape.right) / 2.0;
  const cv::Point2d low(std::clamp(middle.x - 0.75 * width, -1e4, 1e4),
                        std::clamp(middle.y - 0.75 * width, -1e4, 1e4));
  const int side = static_cast<int>(std::clamp(1.5 * width, 0.0, 1e4)) + 1;
  return cv::Rect(cvFloor(low.x), cvFloor(low.y), side, side) & cv::Rect({0, 0}, size);
}

// 1 inside (distance > 0), 0 outside, over two pixels.
double edge(double distance_px) { return smooth_step(-1.0, 1.0, distance_px); }

double square(double x) { return x * x; }

cv::Vec3f between_lids(const cv::Point2d& pixel, const EyePoint& p, const DrawnEye& eye,
                       const EyeLook& look) {
  const double width = eye.shape.width();
  const double open = std::max((p.bottom - p.top) / width, 0.01), from_top = std::max(p.below - p.top, 0.0);
  const double full_open = std::max(eye.shape.opening() * width, 1.0);
  const double lid_shadow = std::exp(-square(from_top / (0.27 * full_open)));
  const double corner = std::pow(std::abs(2 * p.t - 1), 3);
  const double outer = eye.outer_is_left ? p.t : 1 - p.t;  // 1 at the inner corner
  const double tear = smooth_step(0.90, 0.98, outer);
  const cv::Point2d off = (pixel - (eye.shape.left + eye.shape.right) / 2.0) / (0.575 * eye.shape.width());
  const double ball = std::sqrt(std::max(1.0 - off.dot(off), 0.0)) - 0.8;
  const double white = look.white_light + look.roundness * 14.0 * ball;
  cv::Vec3f colour(static_cast<float>(white - 22.0 * lid_shadow - 11.0 * corner - 8 * tear),
                   static_cast<float>(1.0 + 2.0 * corner + 12 * tear),
                   static_cast<float>(1.5 + 2.0 * corner + 4 * tear));
  const cv::Point2d d = pixel - eye.iris;
  const double r = std::hypot(d.x, d.y) / eye.iris_radius;
  if (const double inside = edge((1 - r) * eye.iris_radius); inside > 0) {
    const double glow = std::clamp(d.y / eye.iris_radius, -0.3, 1.0);
    const double ring = std::pow(std::clamp((r - 0.70) / 0.30, 0.0, 1.0), 1.4);
    const double angle = std::atan2(d.y, d.x);
    const double ray = std::cos(angle * 26 + 2.5 * std::sin(angle * 5) + 4 * r);
    const double fibre = look.fibres * ray * std::clamp(1.6 * r - 0.6, 0.0, 1.0);
    const double shade = (0.72 + 0.48 * glow + fibre) * (1 - 0.62 * ring) * (1 - 0.42 * lid_shadow);
    cv::Vec3f iris = look.iris_lab * static_cast<float>(shade);
    const auto pupil = static_cast<float>(edge((0.46 - r) * eye.iris_radius));
    iris += (cv::Vec3f(4, 1, 0) - iris) * pupil;
    colour += (iris - colour) * static_cast<float>(inside);
  }
  // One light above on the picture's left in both eyes, and its weak reflection below.
  constexpr std::array<std::array<double, 4>, 2> kLights = {
      {{-0.34, -0.36, 0.25, 1.0}, {0.36, 0.40, 0.13, 0.7}}};
  for (const auto& [ox, oy, radius, strength] : kLights) {
    const double distance =
        radius * eye.iris_radius - std::hypot(d.x - ox * eye.iris_radius, d.y - oy * eye.iris_radius);
    const auto light = static_cast<float>(strength * edge(distance));
    colour += (cv::Vec3f(static_cast<float>(look.glint_light), 0, 0) - colour) * light;
  }
  colour += cv::Vec3f(0, look.tint[0], look.tint[1]);
  // Very narrow eyes keep their darkness.
  colour[0] *= static_cast<float>(smooth_step(0.0, 0.045, open) * 0.3 + 0.7);
  return colour;
}

}  // namespace

DrawnEye prepare_eye(const EyeShape& shape, const EyeLook& look, bool outer_is_left) {
  DrawnEye eye;
  eye.shape = shape;
  eye.outer_is_left = outer_is_left;
  eye.presence = smooth_step(0.09, 0.14, shape.opening()) * shape.visible;
  const double opened = look.opened_lids * smooth_step(0.10, 0.18, shape.opening());
  eye.shape.upper.height += opened * shape.opening();
  eye.shape.lower.height += 0.25 * opened * shape.opening();
  const double width = eye.shape.width(), open = eye.shape.opening() * width;
  // A small iris afloat in white would stare: it reaches the lids.
  const double own = std::max(shape.iris_radius * 1.04, look.least_iris) * width;
  eye.iris_radius = std::max(std::clamp(0.52 * open, 1.04 * own, 1.3 * own), 1.0);
  const double t = 0.5 + shape.gaze.x;
  const double middle = 0.5 * (eye.shape.lower.at(t) - eye.shape.upper.at(t));
  const cv::Point2d along = (shape.right - shape.left) / width, down(-along.y, along.x);
  eye.iris = shape.left + along * (t * width) + down * ((middle + 0.6 * shape.gaze.y) * width - 0.03 * open);
  return eye;
}

void paint_eye(cv::Mat& picture, const DrawnEye& eye, const EyeLook& look, const cv::Mat& cover) {
  const EyeFrame frame(eye);
  const cv::Rect area = area_of(eye, picture.size());
  const double width = frame.width(), visible = eye.shape.visible;
  for (int y = area.y; y < area.br().y; ++y) {
    for (int x = area.x; x < area.br().x; ++x) {
      const EyePoint p = frame.at({static_cast<double>(x), static_cast<double>(y)});
      if (p.t < -0.12 || p.t > 1.12) continue;
      cv::Vec3f& out = picture.at<cv::Vec3f>(y, x);
      const double free = 1.0 - cover.at<float>(y, x);
      const double from_top = (p.below - p.top) * p.slope_top,
                   from_bottom = (p.bottom - p.below) * p.slope_bottom;
      const double between = edge(from_top) * edge(from_bottom) * (p.t > 0 && p.t < 1 ? 1 : 0);
      if (between > 0) {
        out += (between_lids({static_cast<double>(x), static_cast<double>(y)}, p, eye, look) - out) *
               static_cast<float>(between * eye.presence * free);
      }
      // The upper lash line: fine at the inner corner, broad and a little beyond the outer one.
      const double towards_outer = eye.outer_is_left ? 1 - p.t : p.t;
      const double wing = std::max(towards_outer - 1.0, 0.0);
      const double breadth = look.line_px * (0.40 + 0.75 * std::clamp(towards_outer, 0.0, 1.0)) *
                             smooth_step(-0.03, 0.14, towards_outer) *
                             (1 - smooth_step(1.0, 1.09, towards_outer));
      const double upper = from_top + 0.25 * breadth + 0.35 * wing * width;
      const double line = edge(breadth / 2 - std::abs(upper)) * std::min(breadth, 1.0);
      out += (look.lash_lab - out) * static_cast<float>(0.94 * line * visible * free);
      // The fold of the lid, parallel to the lash line where the eye is open.
      if (look.crease > 0) {
        const double above = -from_top - (0.30 * eye.shape.opening() + 0.02) * width;
        const double fold = std::exp(-square(above / (0.34 * look.line_px))) * smooth_step(0.02, 0.25, p.t) *
                            (1 - smooth_step(0.75, 0.98, p.t));
        out += (look.crease_lab - out) * static_cast<float>(look.crease * fold * eye.presence * free);
      }
      // A faint lower one.
      const double fine = 0.32 * look.line_px * smooth_step(0.05, 0.4, towards_outer) *
                          (1 - smooth_step(0.9, 1.03, towards_outer));
      const double lower = edge(fine / 2 - std::abs(from_bottom)) * std::min(fine, 1.0);
      out +=
          (look.lash_lab + cv::Vec3f(14, 4, 4) - out) * static_cast<float>(0.6 * lower * eye.presence * free);
    }
  }
}

void label_eye(cv::Mat& labels, const DrawnEye& eye, double scale) {
  using face::Label;
  const EyeFrame frame(eye);
  cv::Rect area = area_of(eye, {cvRound(labels.cols * scale), cvRound(labels.rows * scale)});
  area = cv::Rect(cvFloor(area.x / scale), cvFloor(area.y / scale), cvCeil(area.width / scale) + 1,
                  cvCeil(area.height / scale) + 1) &
         cv::Rect({0, 0}, labels.size());
  for (int y = area.y; y < area.br().y; ++y) {
    for (int x = area.x; x < area.br().x; ++x) {
      auto& label = labels.at<uint8_t>(y, x);
      const auto seen = static_cast<Label>(label);
      const bool is_eye = seen == Label::kEye || seen == Label::kIris;
      if (!is_eye && seen != Label::kSkin && seen != Label::kBrow) continue;
      const cv::Point2d pixel((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5);
      const EyePoint p = frame.at(pixel);
      const bool between = p.t > 0 && p.t < 1 && p.below > p.top && p.below < p.bottom && eye.presence > 0.5;
      if (between)
        label =
            static_cast<uint8_t>(cv::norm(pixel - eye.iris) < eye.iris_radius ? Label::kIris : Label::kEye);
      else if (is_eye)
        label = static_cast<uint8_t>(Label::kSkin);
    }
  }
}

}  // namespace toonmirror::teachers
