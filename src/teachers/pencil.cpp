#include "teachers/pencil.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"
#include "teachers/lines.h"
#include "teachers/sitting.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

constexpr uint64_t kStrokeSeed = 3, kPaperSeed = 9;
constexpr double kHatch_degrees = 52, kCrossHatch_degrees = 20;
const cv::Vec3f kPaperLab(95.0f, -0.6f, 3.4f), kGraphiteLab(24.0f, 0.3f, -0.8f);

cv::Mat clamped(const cv::Mat& mask) {
  return mapped(mask, [](double value) { return std::clamp(value, 0.0, 1.0); });
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// Strokes: noise drawn out along a direction. Mean 0, standard deviation 1.
cv::Mat strokes(const cv::Mat& flow, int length_px) {
  static const cv::Mat kNoise = noise({kWork_px, kWork_px}, kStrokeSeed);
  return normalised(averaged_along(flow, kNoise, length_px));
}

// How bright the paper is to stay, 0 … 1. `light` of kWork_px, the masks of the canvas.
cv::Mat tone_of(const Scene& scene, const cv::Mat& light, const cv::Mat& skin, const cv::Mat& figure) {
  const cv::Mat everywhere = cv::Mat::ones(light.size(), CV_32F);
  cv::Mat base = guided_model(light, light, everywhere, 0.11 * scene.small_unit(), 0.005).apply(light);
  const cv::Mat face = inside_of(resized(skin, kWork_px), 0.5);
  const double mean = base.dot(face) / (cv::sum(face)[0] + 1.0);
  base = resized(base, scene.canvas_px());
  const cv::Mat inside = inside_of(skin, 0.5);
  // Fair skin is the paper's; darker skin is hatched as much darker as it is.
  const double ground = 0.84 - 0.95 * std::max(0.68 - mean, 0.0);
  const cv::Mat on_skin = mapped(
      base, [=](double l) { return std::clamp(ground + (l - mean) * 1.35 - (1 - mean) * 0.16, 0.0, 1.0); });
  cv::Mat tone = base.mul(1.0 - inside) + on_skin.mul(inside);
  tone = soft(tone, scene.px());
  // What is behind the person is hinted at.
  return clamped(1.0 - (1.0 - tone).mul(clamped(0.12 + figure * 0.95)));
}

// Worked out at kWork_px, the fineness of the strokes, and enlarged to the canvas.
struct Hatching {
  cv::Mat along, cross, grain;
};

Hatching hatching(const cv::Mat& flow, const cv::Mat& hair, int canvas_px) {
  const cv::Mat plain = strokes(uniform_flow(hair.size(), kHatch_degrees), 16);
  return {resized(plain.mul(1.0 - hair) + strokes(flow, 14).mul(hair), canvas_px),
          resized(strokes(uniform_flow(hair.size(), kCrossHatch_degrees), 16), canvas_px),
          resized(strokes(flow, 10), canvas_px)};
}

// Ink where the strokes' noise is above what the tone asks for.
cv::Mat shaded(const cv::Mat& tone, const cv::Mat& skin, const Hatching& hatch) {
  cv::Mat ink(tone.size(), CV_32F);
  for (int y = 0; y < ink.rows; ++y) {
    for (int x = 0; x < ink.cols; ++x) {
      const double density =
          (1.0 - tone.at<float>(y, x)) * (1.0 - 0.35 * std::clamp(skin.at<float>(y, x), 0.0f, 1.0f));
      const double first = sigmoid((hatch.along.at<float>(y, x) - (1.9 - 3.8 * density)) * 2.2);
      const double deeper = std::clamp(density - 0.42, 0.0, 1.0) * 1.3;
      const double second = sigmoid((hatch.cross.at<float>(y, x) - (1.9 - 4.0 * deeper)) * 2.6);
      ink.at<float>(y, x) = static_cast<float>(0.74 * first * std::clamp(density * 2.2, 0.0, 1.0) +
                                               0.5 * second * std::clamp((density - 0.3) * 2.2, 0.0, 1.0));
    }
  }
  return ink;
}

cv::Mat drawn_lines(const Scene& scene, const cv::Mat& light, const cv::Mat& figure, const cv::Mat& grain) {
  const std::vector<Label> skin = {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris};
  const cv::Mat borders = outlines(scene.mattes,
                                   {{skin, {Label::kBackground}, 0.55f},
                                    {skin, {Label::kCloth}, 0.5f},
                                    {{Label::kCloth}, {Label::kBackground}, 0.55f},
                                    {{Label::kHat}, {Label::kBackground}, 0.6f},
                                    {{Label::kHat}, skin, 0.6f},
                                    {{Label::kHair}, {Label::kBackground}, 0.35f},
                                    {{Label::kLips}, {Label::kMouth}, 0.5f}},
                                   3.0 * scene.px());
  cv::Mat smooth;
  cv::bilateralFilter(light, smooth, 7, 0.1, 5);
  LineOptions options;
  options.sigma_px = 1.15;
  options.centre = 0.987;
  options.threshold = -0.002;
  options.sharpness = 100;
  options.steps = 6;
  const cv::Mat contours = contour_lines(smooth, options, scene.canvas_px()).mul(clamped(0.15 + figure));
  const cv::Mat face = inside_of(scene.mattes.of({Label::kSkin}), 0.5);
  cv::Mat drawn = borders + jaw_line(scene.landmarks, face, 0.010 * scene.unit) * 0.35;
  // The pencil skips over the paper.
  drawn = drawn.mul(0.55 + 0.45 * clamped(0.5 + grain * 0.5));
  return 1.0 - (1.0 - contours * 0.88).mul(1.0 - clamped(drawn) * 0.75);
}

}  // namespace

Drawing draw_pencil(const FaceDrawingInput& input) {
  Sitting sitting = prepare(input, kPencilGeometry);
  const Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  const cv::Mat figure = 1.0 - mattes.of({Label::kBackground});
  const cv::Mat skin = mattes.of({Label::kSkin, Label::kEye, Label::kIris});
  cv::Mat light, smooth;
  cv::extractChannel(resized(scene.lab, kWork_px), light, 0);
  light = light / 100.0;
  cv::bilateralFilter(light, smooth, 9, 0.12, 9);
  const cv::Mat flow = flow_of(soft(light, 2.0), 1.2, 7.0);
  const int side = scene.canvas_px();
  const Hatching hatch =
      hatching(flow, clamped(resized(mattes.of({Label::kHair, Label::kBrow, Label::kHat}), kWork_px)), side);

  const cv::Mat sheet = paper(side, kPaperSeed, 0.03, 1.0);
  cv::Mat ink = shaded(tone_of(scene, smooth, skin, figure), skin, hatch);
  ink = clamped(1.0 - (1.0 - ink).mul(1.0 - drawn_lines(scene, light, figure, hatch.grain)));
  // Graphite catches on the grain's hills.
  ink = ink.mul(clamped(0.82 + (sheet - 1.0) * 5.0)) * 0.95;

  cv::Mat picture = mix(filled(side, kPaperLab), filled(side, kGraphiteLab), ink);
  EyeLook look;
  look.iris_lab = {std::clamp(sitting.iris_lab[0], 34.0f, 62.0f), 0, 0};
  look.lash_lab = {18, 0, 0};
  look.white_light = 92;
  look.opened_lids = 0.05;
  look.line_px = 0.028 * scene.unit;
  paint_eyes(picture, sitting, look, mattes.of({Label::kHair, Label::kHat}));

  std::vector<cv::Mat> planes;
  cv::split(picture, planes);
  planes[0] = planes[0].mul(sheet);
  cv::merge(planes, picture);
  sitting.drawing.picture = picture_from_canvas(picture);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
