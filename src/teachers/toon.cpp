#include "teachers/toon.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "teachers/eye.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

constexpr int kCanvas_px = 512;
constexpr double kUnit = 1.0 / 110.0;  // radii below were chosen for eyes 110 px apart

// One soft mask per class on the canvas; together they sum to 1.
class Mattes {
 public:
  Mattes(const cv::Mat& labels, const cv::Mat& lightness) {
    const cv::Mat everywhere = cv::Mat::ones(kCanvas_px, kCanvas_px, CV_32F);
    cv::Mat sum = cv::Mat::zeros(kCanvas_px, kCanvas_px, CV_32F);
    for (int i = 0; i < face::kLabelCount; ++i) {
      cv::Mat plane;
      cv::Mat(labels == i).convertTo(plane, CV_32F, 1.0 / 255.0);
      cv::resize(plane, plane, {kCanvas_px, kCanvas_px}, 0, 0, cv::INTER_CUBIC);
      const auto label = static_cast<Label>(i);
      const bool large = label == Label::background || label == Label::hair || label == Label::hat ||
                         label == Label::skin || label == Label::cloth;
      // Labels of 256 px have stairs; the photo's own edges do not.
      plane = large ? guided(lightness, soft(plane, 1.5), everywhere, 4.0, 2e-4) : soft(plane, 1.5);
      cv::min(cv::max(plane, 0.0), 1.0, plane);
      planes_[static_cast<size_t>(i)] = plane;
      sum += plane;
    }
    for (cv::Mat& plane : planes_) plane /= sum + 1e-6;
  }

  void warp(const face::DisplacementField& field) {
    for (cv::Mat& plane : planes_) plane = field.warp(plane, cv::INTER_LINEAR);
  }

  cv::Mat of(std::initializer_list<Label> labels) const {
    cv::Mat sum = cv::Mat::zeros(kCanvas_px, kCanvas_px, CV_32F);
    for (const Label label : labels) sum += planes_[static_cast<size_t>(label)];
    return sum;
  }

 private:
  std::array<cv::Mat, face::kLabelCount> planes_;
};

cv::Mat inside_of(const cv::Mat& matte, double threshold) {
  cv::Mat inside;
  cv::Mat(matte > threshold).convertTo(inside, CV_32F, 1.0 / 255.0);
  return inside;
}

double mean_inside(const cv::Mat& plane, const cv::Mat& inside) {
  return plane.dot(inside) / (cv::sum(inside)[0] + 1.0);
}

void add_blob(cv::Mat& plane, const cv::Point2d& centre, double sigma, double amount) {
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      const double d = std::pow(x - centre.x, 2) + std::pow(y - centre.y, 2);
      plane.at<float>(y, x) += static_cast<float>(amount * std::exp(-d / (2 * sigma * sigma)));
    }
  }
}

// Everything a part of the drawing needs to know.
struct Canvas {
  cv::Mat photo;   // warped, CV_32FC3 RGB
  cv::Mat photo8;  // the same, CV_8UC3
  cv::Mat lab;     // of the photo
  face::Landmarks landmarks;
  double unit = 0;  // distance of the eye centres
  double u = 0;     // unit · kUnit: scales radii
};

cv::Mat draw_skin(const Canvas& canvas, const cv::Mat& matte, double blush) {
  const cv::Mat inside = inside_of(matte, 0.5);
  std::vector<cv::Mat> lab;
  cv::split(canvas.lab, lab);
  const cv::Mat light = lab[0] / 100.0;
  // Two scales: forms such as nostrils, folds and lids stay, pores and spots go.
  const cv::Mat forms = guided(light, light, inside, 9 * canvas.u, 0.0025);
  const cv::Mat base = masked_soft(guided(forms, forms, inside, 22 * canvas.u, 0.008), inside, 6 * canvas.u);
  cv::Mat detail = forms - masked_soft(forms, inside, 12 * canvas.u);
  cv::min(cv::max(detail, -0.25), 0.12, detail);
  cv::Mat tone = base + 1.12 * detail;
  const double mean = mean_inside(tone, inside);
  tone = mean + (tone - mean) * 0.96 + 0.025 * (1 - mean);
  cv::Mat highlight;
  cv::max(tone - mean - 0.10, 0.0, highlight);
  tone += 0.35 * highlight;
  cv::Mat shadow;
  cv::min(cv::max(mean - tone, 0.0), 0.3, shadow);
  // Shadows turn warm in proportion to their depth: a cheap look of light under the skin.
  cv::Mat a = guided(light, lab[1] / 100.0, inside, 24 * canvas.u, 0.02) * 104.0 + shadow * 16.0;
  cv::Mat b = guided(light, lab[2] / 100.0, inside, 24 * canvas.u, 0.02) * 108.0 + shadow * 14.0;
  const face::Landmarks& p = canvas.landmarks;
  const std::array<cv::Point2d, 2> cheeks = {(p[36] + p[41] + p[31] + p[48]) / 4.0 * 0.55 + p[3] * 0.45,
                                             (p[45] + p[46] + p[35] + p[54]) / 4.0 * 0.55 + p[13] * 0.45};
  for (const cv::Point2d& cheek : cheeks) {
    add_blob(a, cheek, 0.28 * canvas.unit, blush);
    add_blob(b, cheek, 0.28 * canvas.unit, 0.35 * blush);
  }
  add_blob(a, p[30], 0.13 * canvas.unit, 0.4 * blush);
  cv::min(cv::max(tone, 0.0), 1.0, tone);
  cv::Mat result;
  cv::merge(std::vector<cv::Mat>{tone * 100.0, a, b}, result);
  return from_lab(result);
}

cv::Mat draw_hair(const Canvas& canvas, const cv::Mat& matte, double saturation) {
  const cv::Mat inside = inside_of(matte, 0.30);
  if (cv::mean(inside)[0] < 0.005) return canvas.photo;
  cv::Mat smooth8, strands;
  cv::bilateralFilter(canvas.photo8, smooth8, 7, 30, 7);
  coherent(smooth8, 11, 9, 0.5, 3).convertTo(strands, CV_32F, 1.0 / 255.0);
  strands = along_flow(strands, inside, 12, 2.0, 6 * canvas.u);
  std::vector<cv::Mat> lab;
  cv::split(to_lab(strands), lab);
  const cv::Mat shape = masked_soft(lab[0], inside, 14 * canvas.u);
  // Contrast of strands is compressed: few clear tones instead of many.
  const cv::Mat contrast = (lab[0] - shape) / 10.0;
  cv::Mat compressed(contrast.size(), CV_32F);
  for (int y = 0; y < contrast.rows; ++y) {
    std::transform(contrast.ptr<float>(y), contrast.ptr<float>(y) + contrast.cols, compressed.ptr<float>(y),
                   [](float value) { return 13.0f * std::tanh(value); });
  }
  lab[0] = shape * 1.02 + compressed;
  cv::Mat result;
  cv::merge(std::vector<cv::Mat>{lab[0], lab[1] * saturation, lab[2] * saturation}, result);
  return from_lab(result);
}

// A beard is dark skin to the parser. Where the lower face is clearly darker than the rest, it is drawn as
// hair.
cv::Mat beard_matte(const Canvas& canvas, const cv::Mat& skin) {
  std::vector<cv::Mat> lab;
  cv::split(canvas.lab, lab);
  const cv::Mat inside = inside_of(skin, 0.5);
  const cv::Mat light = masked_soft(lab[0], inside, 4 * canvas.u);
  const double mean = mean_inside(light, inside);
  const face::Landmarks& p = canvas.landmarks;
  cv::Point2d down = p[8] - p[27];
  const double height = std::max(std::hypot(down.x, down.y), 1.0);
  down /= height;
  cv::Mat matte = cv::Mat::zeros(skin.size(), CV_32F);
  for (int y = 0; y < matte.rows; ++y) {
    for (int x = 0; x < matte.cols; ++x) {
      const double below_nose = (cv::Point2d(x, y) - p[33]).dot(down) / height;
      if (below_nose < -0.25 || below_nose > 0.62) continue;
      const double dark = smooth_step(0.22 * mean, 0.42 * mean, mean - light.at<float>(y, x));
      const double place = smooth_step(-0.05, 0.06, below_nose) * (1 - smooth_step(0.48, 0.62, below_nose));
      matte.at<float>(y, x) = static_cast<float>(dark * place) * skin.at<float>(y, x);
    }
  }
  return soft(matte, 2.5 * canvas.u);
}

cv::Vec3f iris_colour(const cv::Mat& photo, const cv::Mat& eye_mask, const EyeShape& eye) {
  std::vector<std::pair<float, cv::Vec3f>> seen;
  const int r = static_cast<int>(eye.iris_radius);
  for (int dy = -r / 4; dy <= r; ++dy) {
    for (int dx = -r; dx <= r; ++dx) {
      const double distance = std::hypot(dx, dy) / eye.iris_radius;
      const int x = static_cast<int>(eye.iris.x) + dx, y = static_cast<int>(eye.iris.y) + dy;
      if (distance < 0.45 || distance > 0.85 || x < 0 || y < 0 || x >= photo.cols || y >= photo.rows)
        continue;
      if (eye_mask.at<float>(y, x) < 0.5f) continue;
      const cv::Vec3f rgb = photo.at<cv::Vec3f>(y, x);
      seen.emplace_back(rgb[0] + rgb[1] + rgb[2], rgb);
    }
  }
  cv::Vec3f mean(0.28f, 0.18f, 0.12f);
  if (seen.size() > 6) {
    std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    mean = {};
    const size_t low = seen.size() / 4, high = seen.size() * 3 / 4;
    for (size_t i = low; i < high; ++i) mean += seen[i].second / static_cast<float>(high - low);
  }
  cv::Mat lab = to_lab(cv::Mat(1, 1, CV_32FC3, cv::Scalar(mean[0], mean[1], mean[2])));
  auto& value = lab.at<cv::Vec3f>(0, 0);
  value = {std::clamp(value[0] * 1.35f + 12.0f, 30.0f, 64.0f), value[1] * 2.0f + 1.0f,
           value[2] * 2.0f + 2.0f};
  return from_lab(lab).at<cv::Vec3f>(0, 0);
}

cv::Mat draw_mouth(const cv::Mat& photo) {
  std::vector<cv::Mat> lab;
  cv::Mat smooth;
  cv::bilateralFilter(photo, smooth, 7, 0.12, 5);
  cv::split(to_lab(smooth), lab);
  // Teeth are what is bright inside the mouth; a soft switch, so that nothing flickers.
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      float& light = lab[0].at<float>(y, x);
      const double tooth = smooth_step(40, 54, light);
      light = static_cast<float>(tooth * (light * 0.5 + 47.0) + (1 - tooth) * light * 0.8);
      const auto fade = static_cast<float>(0.8 - 0.5 * tooth);
      lab[1].at<float>(y, x) *= fade;
      lab[2].at<float>(y, x) *= fade;
    }
  }
  cv::Mat result;
  cv::merge(lab, result);
  return from_lab(result);
}

cv::Mat graded(const cv::Mat& picture) {
  std::vector<cv::Mat> lab;
  cv::split(to_lab(picture), lab);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      float& light = lab[0].at<float>(y, x);
      light += static_cast<float>(
          1.2 - 3.0 * std::sin(2 * CV_PI * light / 100.0));  // a soft S-curve, slightly lifted
    }
  }
  cv::Mat result, bright;
  cv::merge(std::vector<cv::Mat>{lab[0], lab[1] * 1.08, lab[2] * 1.08}, result);
  result = from_lab(result);
  cv::max(result - cv::Scalar::all(0.7), 0.0, bright);
  return result + soft(bright, 8) * 0.25;
}

void check(const FaceDrawingInput& input) {
  const cv::Size size(kDrawingSize_px, kDrawingSize_px);
  if (input.photo.size() != size || input.photo.type() != CV_8UC3 || input.labels.size() != size ||
      input.labels.type() != CV_8UC1) {
    throw Error("a teacher draws from crops of 256 px with labels of the same size");
  }
}

}  // namespace

Drawing draw_toon(const FaceDrawingInput& input, const ToonOptions& options) {
  check(input);
  constexpr double kScale = static_cast<double>(kCanvas_px) / kDrawingSize_px;
  face::Landmarks landmarks;
  for (size_t i = 0; i < landmarks.size(); ++i) {
    landmarks[i] = (input.landmarks[i] + cv::Point2d(0.5, 0.5)) * kScale - cv::Point2d(0.5, 0.5);
  }
  cv::Mat big8, big, light;
  cv::resize(input.photo, big8, {kCanvas_px, kCanvas_px}, 0, 0, cv::INTER_CUBIC);
  big8.convertTo(big, CV_32F, 1.0 / 255.0);
  cv::cvtColor(big, light, cv::COLOR_RGB2GRAY);
  Mattes mattes(input.labels, light);
  const cv::Mat eye_mask = mattes.of({Label::eye, Label::iris}), iris_mask = mattes.of({Label::iris});
  std::array<EyeShape, 2> eyes;
  std::array<cv::Vec3f, 2> iris_rgb;
  for (int i = 0; i < 2; ++i) {
    const auto index = static_cast<size_t>(i);
    eyes[index] = find_eye(landmarks, eye_mask, iris_mask, i);
    iris_rgb[index] = iris_colour(big, eye_mask, eyes[index]);
  }
  // Both eyes of a person have one colour as far as a small picture tells.
  const cv::Vec3f common_iris = (iris_rgb[0] + iris_rgb[1]) * 0.5f;

  const face::DisplacementField field(landmarks, kCanvas_px, options.geometry);
  mattes.warp(field);
  Canvas canvas;
  canvas.photo8 = field.warp(big8, cv::INTER_CUBIC);
  canvas.photo8.convertTo(canvas.photo, CV_32F, 1.0 / 255.0);
  canvas.lab = to_lab(canvas.photo);
  canvas.landmarks = field.forward(landmarks);
  canvas.unit = face::eye_distance(landmarks);
  canvas.u = canvas.unit * kUnit;

  const cv::Mat skin = mattes.of({Label::skin}), hair = mattes.of({Label::hair}),
                brow = mattes.of({Label::brow});
  const cv::Mat lips = mattes.of({Label::lips}), mouth = mattes.of({Label::mouth}),
                glasses = mattes.of({Label::glasses});
  const cv::Mat background = mattes.of({Label::background});
  const cv::Mat beard = beard_matte(canvas, skin);
  const cv::Mat strands = draw_hair(canvas, hair + beard, options.hair_saturation);
  cv::Mat rest;
  cv::bilateralFilter(coherent(canvas.photo8, 7, 5, 0.45, 2), rest, 9, 40, 9);
  rest.convertTo(rest, CV_32F, 1.0 / 255.0);

  cv::Mat picture = mix(rest, masked_soft(rest, inside_of(background, 0.5), 5 * canvas.u), background);
  const cv::Mat skin_picture = draw_skin(canvas, skin, options.blush);
  picture = mix(picture, skin_picture, skin);
  picture = mix(picture, strands, cv::Mat(beard * 0.75));
  picture = mix(picture, strands, hair);

  cv::Mat brow_lab = masked_soft(canvas.lab, inside_of(brow, 0.4), 6 * canvas.u);
  brow_lab = scaled(brow_lab, {0.78, 1.0, 1.0});
  cv::Mat brow_shape;
  cv::min(soft(brow, 1.2) * 1.1, 1.0, brow_shape);
  picture = mix(picture, from_lab(brow_lab), brow_shape * 0.85);

  if (const cv::Rect area = cv::boundingRect(cv::Mat(lips + mouth > 0.02f)); !area.empty()) {
    cv::Mat region = picture(area), smooth_lips;
    const cv::Mat photo = canvas.photo(area), lip_matte = lips(area);
    cv::bilateralFilter(photo, smooth_lips, 7, 0.1, 5);
    const cv::Mat lip_lab = to_lab(masked_soft(smooth_lips, inside_of(lip_matte, 0.3), 1.6 * canvas.u));
    const cv::Mat lip_rgb = from_lab(scaled(lip_lab, {1.0, 1.25, 1.05}, {0, 6, 2}));
    mix(mix(region, lip_rgb, lip_matte * 0.9), draw_mouth(photo), mouth(area)).copyTo(region);
  }

  const bool has_glasses = cv::mean(glasses)[0] > 0.004;
  const cv::Mat hair_inside = inside_of(hair, 0.5);
  const cv::Scalar hair_mean =
      cv::sum(hair_inside)[0] > 500 ? cv::mean(canvas.photo, hair_inside > 0) : cv::Scalar::all(0.25);
  EyeLook look;
  look.unit = canvas.unit;
  look.strength = has_glasses ? 0.8 : 1.0;
  look.iris_rgb = common_iris;
  for (int c = 0; c < 3; ++c)
    look.lash_rgb[c] = static_cast<float>(std::clamp(hair_mean[c] * 0.33, 0.02, 0.22));
  Drawing drawing;
  const face::DisplacementField small_field(input.landmarks, kDrawingSize_px, options.geometry);
  drawing.input = small_field.warp(input.photo, cv::INTER_CUBIC);
  drawing.labels = small_field.warp(input.labels, cv::INTER_NEAREST);
  for (EyeShape& eye : eyes) {
    eye.upper = field.forward(eye.upper);
    eye.lower = field.forward(eye.lower);
    eye.iris = field.forward(eye.iris);
    eye.iris_radius *= options.geometry.eye_zoom * 1.04;
    if (eye.opening > 0.12) {
      for (size_t i = 0; i < eye.upper.size(); ++i) {
        const cv::Point2d open = eye.upper[i] - eye.lower[i];
        eye.upper[i] += open * options.opened_lids;
        eye.lower[i] -= open * (0.3 * options.opened_lids);
      }
    }
    // A small iris afloat in white would stare: it reaches the lids, as in the looked-for style.
    const size_t centre = eye.upper.size() / 2;
    const cv::Point2d open = eye.upper[centre] - eye.lower[centre];
    eye.iris_radius = std::clamp(0.47 * std::hypot(open.x, open.y), eye.iris_radius, 1.25 * eye.iris_radius);
    draw_eye(picture, eye, look);
  }
  if (has_glasses) {
    // Frames lie in front of the drawn eyes: what is darker than its surroundings inside the label of the
    // glasses.
    std::vector<cv::Mat> lab;
    cv::split(canvas.lab, lab);
    cv::Mat frame = (soft(lab[0], 9) - lab[0] - 6.0) / 14.0;
    cv::min(cv::max(frame, 0.0), 1.0, frame);
    frame = frame.mul(soft(inside_of(glasses, 0.3), 2));
    picture = mix(picture, canvas.photo * 0.7, frame * 0.85);
  }
  cv::resize(graded(picture), picture, {kDrawingSize_px, kDrawingSize_px}, 0, 0, cv::INTER_AREA);
  picture.convertTo(drawing.picture, CV_8UC3, 255.0);
  return drawing;
}

}  // namespace toonmirror::teachers
