#include "teachers/eye.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

constexpr double kUsualIris = 0.215;  // radius of an iris / distance of the corners of an eye

float value_at(const cv::Mat& plane, const cv::Point2d& point) {
  const double x = std::clamp(point.x, -1.0, plane.cols + 1.0),
               y = std::clamp(point.y, -1.0, plane.rows + 1.0);
  const int column = cvFloor(x), row = cvFloor(y);
  if (column < 0 || row < 0 || column + 1 >= plane.cols || row + 1 >= plane.rows) return 0;
  const auto u = static_cast<float>(x - column), v = static_cast<float>(y - row);
  const auto* top = plane.ptr<float>(row) + column;
  const auto* bottom = plane.ptr<float>(row + 1) + column;
  return (top[0] * (1 - u) + top[1] * u) * (1 - v) + (bottom[0] * (1 - u) + bottom[1] * u) * v;
}

double bow(double t) { return std::pow(std::max(4 * t * (1 - t), 0.0), 0.75); }

struct Sample {
  double t, height, weight;
};

// Weighted least squares; the skew is held near 0, where few samples say anything about it.
Lid fit(const std::vector<Sample>& samples) {
  double aa = 1e-6, ab = 0, bb = 0.02, ya = 0, yb = 0;
  for (const Sample& s : samples) {
    const double p = bow(s.t), q = p * (2 * s.t - 1);
    aa += s.weight * p * p;
    ab += s.weight * p * q;
    bb += s.weight * q * q;
    ya += s.weight * p * s.height;
    yb += s.weight * q * s.height;
  }
  const double determinant = aa * bb - ab * ab;
  const double height = (ya * bb - yb * ab) / determinant, skewed = (yb * aa - ya * ab) / determinant;
  return {std::clamp(height, -0.1, 0.5), std::clamp(skewed / std::max(height, 0.03), -0.5, 0.5)};
}

// Axes of an eye: `along` from corner to corner, `down` across it.
struct Frame {
  cv::Point2d origin, along, down;
  double width;
  explicit Frame(const EyeShape& eye)
      : origin(eye.left),
        along((eye.right - eye.left) / eye.width()),
        down(-along.y, along.x),
        width(eye.width()) {}
  cv::Point2d point(double t, double below) const {
    return origin + along * (t * width) + down * (below * width);
  }
};

// Weighted centre and extent along the eye of a plane between the lids, in shares of the width.
struct Spot {
  double weight = 0, t = 0, below = 0, least = 1, most = 0;
};

Spot spot_between_lids(const EyeShape& eye, const auto& weight_at) {
  const Frame frame(eye);
  constexpr int kSteps = 48;
  Spot spot;
  for (int i = 1; i < kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const double top = -eye.upper.at(t) - 0.04, bottom = eye.lower.at(t) + 0.04;
    for (double below = top; below <= bottom; below += 1.0 / kSteps) {
      const double weight = weight_at(frame.point(t, below));
      if (weight <= 0) continue;
      spot.weight += weight;
      spot.t += weight * t;
      spot.below += weight * below;
      if (weight > 0.5) {
        spot.least = std::min(spot.least, t);
        spot.most = std::max(spot.most, t);
      }
    }
  }
  if (spot.weight > 0) {
    spot.t /= spot.weight;
    spot.below /= spot.weight;
  }
  spot.weight /= kSteps * kSteps;
  return spot;
}

double opening_middle(const EyeShape& eye, double t) { return 0.5 * (eye.lower.at(t) - eye.upper.at(t)); }

void find_iris(EyeShape& eye, const EyeEvidence& evidence) {
  eye.iris_radius = kUsualIris;
  Spot spot =
      spot_between_lids(eye, [&](const cv::Point2d& p) -> double { return value_at(evidence.iris, p); });
  if (spot.weight > 0.02 && spot.most > spot.least) {
    // Breadth is whole where lids cut the height.
    eye.iris_radius = std::clamp((spot.most - spot.least) / 2, 0.85 * kUsualIris, 1.25 * kUsualIris);
    eye.gaze = {spot.t - 0.5, spot.below - opening_middle(eye, spot.t)};
  } else {
    // Without labels, as behind glass, the iris is what is dark.
    const double bright = 0.75 * evidence.skin_light;
    spot = spot_between_lids(eye, [&](const cv::Point2d& p) {
      const double dark = std::max(0.0, (bright - value_at(evidence.light, p)) / std::max(bright, 1.0));
      return dark * dark;
    });
    if (spot.weight > 1e-3) eye.gaze = {0.5 * (spot.t - 0.5), 0};
  }
  eye.gaze = {std::clamp(eye.gaze.x, -0.24, 0.24), std::clamp(eye.gaze.y, -0.1, 0.1)};
}

// Share of the opening that the label of glasses covers.
double glass_share(const EyeShape& eye, const EyeEvidence& evidence) {
  const Spot glass =
      spot_between_lids(eye, [&](const cv::Point2d& p) -> double { return value_at(evidence.glasses, p); });
  const Spot space = spot_between_lids(eye, [](const cv::Point2d&) { return 1.0; });
  return glass.weight / std::max(space.weight, 1e-6);
}

EyeShape find_eye(const face::Landmarks& landmarks, const EyeEvidence& evidence, size_t first) {
  EyeShape eye;
  eye.left = landmarks[first];
  eye.right = landmarks[first + 3];
  if (eye.width() < 4) eye.right = eye.left + cv::Point2d(4, 0);
  const Frame frame(eye);
  std::vector<Sample> upper, lower;
  for (const size_t i : {first + 1, first + 2, first + 4, first + 5}) {
    const cv::Point2d d = (landmarks[i] - eye.left) / frame.width;
    const double t = std::clamp(d.dot(frame.along), 0.1, 0.9);
    if (i < first + 3)
      upper.push_back({t, -d.dot(frame.down), 1.0});
    else
      lower.push_back({t, d.dot(frame.down), 1.0});
  }
  // Labels see the lids better than six points do, where they see the eye at all: how far the mask reaches to
  // both sides of the axis.
  constexpr double kReach = 0.5;
  const double step = 0.5 / frame.width;
  for (int i = 1; i < 8; ++i) {
    const double t = i / 8.0;
    double above = 0, below = 0;
    for (double h = 0.5 * step; h < kReach; h += step) {
      above += step * value_at(evidence.eye, frame.point(t, -h));
      below += step * value_at(evidence.eye, frame.point(t, h));
    }
    if (above + below < 0.04) continue;
    upper.push_back({t, above, 1.5});
    lower.push_back({t, below, 1.5});
  }
  eye.upper = fit(upper);
  eye.lower = fit(lower);
  find_iris(eye, evidence);

  // Behind dark glass there is no eye to draw.
  if (glass_share(eye, evidence) > 0.5) {
    double light = 0;
    int count = 0;
    for (int i = -4; i <= 12; ++i) {
      for (const double below : {0.28, 0.38, 0.48}) {  // below the eye, still inside the lens
        const cv::Point2d p = frame.point(i / 8.0, below);
        if (value_at(evidence.glasses, p) < 0.9f) continue;
        light += value_at(evidence.light, p);
        ++count;
      }
    }
    if (count > 0) eye.visible = smooth_step(0.34, 0.52, light / count / std::max(evidence.skin_light, 1.0));
  }
  return eye;
}

// How sure it is that no iris is seen, nor hidden by glasses.
double no_iris(const EyeShape& eye, const EyeEvidence& evidence) {
  const Spot iris =
      spot_between_lids(eye, [&](const cv::Point2d& p) -> double { return value_at(evidence.iris, p); });
  return (1 - smooth_step(0.0, 0.012, iris.weight)) * (1 - smooth_step(0.1, 0.4, glass_share(eye, evidence)));
}

}  // namespace

double Lid::at(double t) const { return height * bow(t) * (1 + skew * (2 * t - 1)); }

double EyeShape::width() const { return std::hypot(right.x - left.x, right.y - left.y); }

std::array<EyeShape, 2> find_eyes(const face::Landmarks& landmarks, const EyeEvidence& evidence) {
  std::array<EyeShape, 2> eyes = {find_eye(landmarks, evidence, 36), find_eye(landmarks, evidence, 42)};
  auto& [a, b] = eyes;
  if (evidence.labelled) {
    const double shut = no_iris(a, evidence) * no_iris(b, evidence);
    for (EyeShape& eye : eyes) {
      const double share = shut * (1 - smooth_step(0.22, 0.32, eye.opening()));
      eye.upper.height *= 1 - 0.75 * share;
      eye.lower.height *= 1 - 0.25 * share;
    }
  }
  const double openings = std::min(a.opening(), b.opening());
  // A wink stays a wink.
  const double agree = 0.5 * smooth_step(0.08, 0.16, openings);
  const auto towards_mean = [agree](double& x, double& y, double mirror = 1) {
    const double mean = 0.5 * (x + mirror * y);
    x += agree * (mean - x);
    y += agree * (mirror * mean - y);
  };
  towards_mean(a.upper.height, b.upper.height);
  towards_mean(a.lower.height, b.lower.height);
  towards_mean(a.upper.skew, b.upper.skew, -1);
  towards_mean(a.lower.skew, b.lower.skew, -1);
  towards_mean(a.gaze.x, b.gaze.x);
  towards_mean(a.gaze.y, b.gaze.y);
  const double radius = 0.5 * (a.iris_radius + b.iris_radius);
  a.iris_radius = b.iris_radius = radius;
  return eyes;
}

cv::Vec3f iris_colour(const cv::Mat& lab, const cv::Mat& eye_matte, const std::array<EyeShape, 2>& eyes) {
  std::vector<cv::Vec3f> seen;
  for (const EyeShape& eye : eyes) {
    if (eye.opening() < 0.12) continue;
    const Frame frame(eye);
    const double t = 0.5 + eye.gaze.x, below = opening_middle(eye, t) + eye.gaze.y;
    // The lower part of the ring: above lie the lid's shadow and reflections.
    for (int i = 0; i < 24; ++i) {
      const double angle = (i / 23.0 * 1.2 - 0.1) * CV_PI;
      for (const double r : {0.5, 0.65, 0.8}) {
        const cv::Point2d p = frame.point(t + r * eye.iris_radius * std::cos(angle),
                                          below + r * eye.iris_radius * std::sin(angle));
        if (value_at(eye_matte, p) < 0.5f) continue;
        seen.push_back(lab.at<cv::Vec3f>(cvRound(p.y), cvRound(p.x)));
      }
    }
  }
  cv::Vec3f mean(22, 6, 9);  // brown
  if (seen.size() > 12) {
    std::sort(seen.begin(), seen.end(), [](const auto& x, const auto& y) { return x[0] < y[0]; });
    mean = {};
    const size_t low = seen.size() / 4, high = seen.size() * 3 / 4;
    for (size_t i = low; i < high; ++i) mean += seen[i] / static_cast<float>(high - low);
  }
  return {std::clamp(mean[0] * 1.3f + 10.0f, 28.0f, 62.0f), std::clamp(mean[1] * 2.0f + 1.0f, -30.0f, 30.0f),
          std::clamp(mean[2] * 2.0f + 2.0f, -40.0f, 42.0f)};
}

}  // namespace toonmirror::teachers
