#include "teachers/comic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"
#include "teachers/hair.h"
#include "teachers/lines.h"
#include "teachers/sitting.h"
#include "teachers/skin.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

const cv::Vec3f kInk(7, 0, -2);

cv::Mat clamped(const cv::Mat& mask) {
  return mapped(mask, [](double value) { return std::clamp(value, 0.0, 1.0); });
}

cv::Mat light_of(const cv::Mat& lab) {
  cv::Mat light;
  cv::extractChannel(lab, light, 0);
  return light;
}

// Few tones with soft steps between them, so that a small change of light does not move a border far.
double in_tones(double light) {
  constexpr std::array<double, 4> kTones = {22, 48, 70, 88};
  double tone = kTones[0];
  for (size_t i = 1; i < kTones.size(); ++i) {
    const double border = 0.5 * (kTones[i - 1] + kTones[i]);
    tone += (kTones[i] - kTones[i - 1]) * smooth_step(border - 5, border + 5, light);
  }
  return tone;
}

cv::Mat bright(const cv::Mat& lab, double chroma, double toned) {
  cv::Mat result = lab.clone();
  for (int y = 0; y < result.rows; ++y) {
    auto* pixel = result.ptr<cv::Vec3f>(y);
    for (int x = 0; x < result.cols; ++x) {
      const double light = pixel[x][0];
      pixel[x][0] = static_cast<float>(light + toned * (in_tones(light) - light));
      pixel[x][1] = static_cast<float>(pixel[x][1] * chroma);
      pixel[x][2] = static_cast<float>(pixel[x][2] * chroma);
    }
  }
  return result;
}

// One clean tone that keeps the order of real skins.
cv::Vec3f skin_tone(const cv::Vec3f& own) {
  const float light = std::clamp(0.72f * own[0] + 30.0f, 46.0f, 90.0f);
  return {light, 0.9f * own[1] + 5.0f, 0.8f * own[2] + 9.0f};
}

// The tone, one redder tone for shade with a firm edge, and a little of the real modelling.
cv::Mat comic_skin(const Scene& scene, const SkinLayers& layers) {
  const cv::Vec3f tone = skin_tone(scene.skin);
  const cv::Mat light = light_of(layers.skin);
  const double level = cv::mean(light, inside_of(scene.mattes.of({Label::kSkin}), 0.5) > 0.5f)[0];
  const cv::Mat shade =
      mapped(soft(light, 3.0 * scene.px()), [level](double l) { return smooth_step(8.0, 11.0, level - l); });
  cv::Mat skin(light.size(), CV_32FC3);
  for (int y = 0; y < skin.rows; ++y) {
    for (int x = 0; x < skin.cols; ++x) {
      const auto form = static_cast<float>(0.22 * std::clamp(light.at<float>(y, x) - level, -30.0, 14.0));
      const float ink = shade.at<float>(y, x);
      skin.at<cv::Vec3f>(y, x) = tone + cv::Vec3f(form - 9.0f * ink, 9.0f * ink, 5.0f * ink);
    }
  }
  return skin;
}

// One strong colour, warm or cool as the photo was, lighter towards the bottom.
cv::Mat comic_background(const Scene& scene) {
  const int side = scene.canvas_px();
  const cv::Mat behind = resized(scene.mattes.of({Label::kBackground}), kSmall_px);
  const cv::Scalar mean = cv::mean(scene.small, behind > 0.5f);
  const double warmth = smooth_step(-1.0, 4.0, mean[2]);
  const cv::Vec3f cool(66, -14, -34), warm(84, 6, 62);
  cv::Mat share(side, side, CV_32F);
  for (int y = 0; y < share.rows; ++y) share.row(y).setTo(0.55 * y / side);
  return mix(filled(side, cool + (warm - cool) * static_cast<float>(warmth)), filled(side, {97, 0, 4}),
             share);
}

cv::Mat ink_lines(const Scene& scene) {
  const std::vector<Label> skin = {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris};
  const std::vector<Label> head = {Label::kHair, Label::kHat}, behind = {Label::kBackground},
                           cloth = {Label::kCloth}, lips = {Label::kLips};
  cv::Mat lines = outlines(scene.mattes,
                           {{skin, behind, 1.0f},
                            {skin, cloth, 1.0f},
                            {skin, head, 0.6f},
                            {head, behind, 1.0f},
                            {head, cloth, 0.9f},
                            {cloth, behind, 1.0f},
                            {lips, {Label::kMouth}, 0.8f},
                            {lips, {Label::kSkin}, 0.35f}},
                           3.3 * scene.px());
  const Mattes& mattes = scene.mattes;
  cv::Mat smooth;
  cv::bilateralFilter(cv::Mat(resized(light_of(scene.lab), kWork_px) / 100.0), smooth, 9, 0.14, 7);
  LineOptions options;
  options.sigma_px = 1.7 * std::sqrt(scene.small_unit() / 55);
  const cv::Mat near_eyes = soft(inside_of(mattes.of({Label::kEye, Label::kIris}), 0.2), 2.5 * scene.px());
  const cv::Mat wanted =
      clamped(mattes.of({Label::kSkin}) * 0.85 + mattes.of({Label::kCloth, Label::kHat}) * 0.8 +
              mattes.of({Label::kGlasses}) * 1.3 + mattes.of({Label::kHair}) * 0.7);
  cv::max(lines,
          cv::Mat(contour_lines(smooth, options, scene.canvas_px()).mul(wanted).mul(1.0 - near_eyes * 0.9)),
          lines);
  const cv::Mat face = inside_of(mattes.of({Label::kSkin}), 0.5);
  cv::max(lines, cv::Mat(jaw_line(scene.landmarks, face, 0.02 * scene.unit) * 0.9), lines);
  return clamped(lines);
}

}  // namespace

Drawing draw_comic(const FaceDrawingInput& input) {
  Sitting sitting = prepare(input, kComicGeometry);
  Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  relight(scene);
  const SkinLayers layers = draw_skin(scene, 0);
  const cv::Mat hair = mattes.of({Label::kHair});
  const cv::Mat skin = mattes.of(
      {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kLips, Label::kMouth, Label::kGlasses});
  const cv::Mat locks = bright(draw_hair(scene, clamped(hair + layers.beard), 1.5), 1.1, 0.6);

  const cv::Mat things = draw_things(scene);
  cv::Mat picture =
      mix(comic_background(scene), bright(things, 1.5, 0.85), mattes.of({Label::kCloth, Label::kHat}));
  picture = mix(picture, comic_skin(scene, layers), skin);
  picture = mix(picture, bright(things, 1.2, 0.8), mattes.of({Label::kGlasses}));
  picture = mix(picture, locks, layers.beard * 0.75);
  picture = mix(picture, locks, hair);
  draw_mouth(picture, scene);
  draw_brows(picture, scene, layers);

  EyeLook look;
  look.iris_lab = sitting.iris_lab;
  look.lash_lab = kInk;
  look.white_light = std::max(90.0, white_light(scene) + 4.0);
  look.opened_lids = 0.12;
  look.line_px = 0.045 * scene.unit;
  paint_eyes(picture, sitting, look, hair + mattes.of({Label::kHat}));
  picture = mix(picture, filled(scene.canvas_px(), kInk), ink_lines(scene) * 0.95);
  sitting.drawing.picture = picture_from_canvas(picture);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
