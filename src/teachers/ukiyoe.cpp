#include "teachers/ukiyoe.h"

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

constexpr uint64_t kPaperSeed = 5;

// The printer's pigments, RGB.
using Rgb = std::array<double, 3>;
constexpr Rgb kInk = {0.09, 0.09, 0.13}, kIndigo = {0.13, 0.26, 0.42}, kVermilion = {0.74, 0.30, 0.24},
              kOchre = {0.82, 0.63, 0.38}, kGreen = {0.38, 0.50, 0.42}, kGrey = {0.58, 0.58, 0.56},
              kRose = {0.86, 0.66, 0.62}, kNavy = {0.10, 0.15, 0.24}, kCream = {0.93, 0.86, 0.72},
              kBrown = {0.44, 0.30, 0.22}, kPale = {0.95, 0.88, 0.77};

cv::Vec3f lab_of(const Rgb& rgb) {
  const cv::Mat pixel(1, 1, CV_32FC3, cv::Scalar(rgb[0], rgb[1], rgb[2]));
  return to_lab(pixel).at<cv::Vec3f>(0, 0);
}

cv::Vec3f between(const cv::Vec3f& a, const cv::Vec3f& b, double share) {
  return a + (b - a) * static_cast<float>(share);
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

cv::Mat clamped(const cv::Mat& mask) {
  return mapped(mask, [](double value) { return std::clamp(value, 0.0, 1.0); });
}

// A print knows one pale tone, but the order of real skins stays: fair, tanned, dark.
cv::Vec3f skin_tone(const cv::Vec3f& own) {
  const cv::Vec3f pale = lab_of(kPale);
  const float lightness = 93.0f - 0.95f * std::clamp(80.0f - own[0], 0.0f, 60.0f) +
                          0.3f * std::clamp(own[0] - 80.0f, 0.0f, 20.0f);
  return {std::clamp(lightness, 38.0f, 95.0f), 0.5f * pale[1] + 0.6f * own[1],
          0.6f * pale[2] + 0.55f * own[2]};
}

cv::Mat print_skin(const Scene& scene, const cv::Mat& matte) {
  const cv::Mat inside = inside_of(resized(matte, kSmall_px), 0.5);
  cv::Mat light, base;
  cv::extractChannel(scene.small, light, 0);
  light = light / 100.0;
  base = guided_model(light, light, inside, 0.09 * scene.small_unit(), 0.006).apply(light);
  const double mean = base.dot(inside) / (cv::sum(inside)[0] + 1.0);
  base = resized(base, scene.canvas_px());
  const cv::Vec3f tone = skin_tone(scene.skin);
  cv::Mat skin = filled(scene.canvas_px(), tone);
  const auto& points = scene.landmarks;
  const auto cheek = [&](int eye, int nose, int mouth, int jaw) {
    return (points[static_cast<size_t>(eye)] + points[static_cast<size_t>(nose)] +
            points[static_cast<size_t>(mouth)]) *
               (0.55 / 3) +
           points[static_cast<size_t>(jaw)] * 0.45;
  };
  const std::array<cv::Point2d, 2> cheeks = {cheek(41, 31, 48, 2), cheek(46, 35, 54, 14)};
  const double breadth = 0.26 * scene.unit;
  for (int y = 0; y < skin.rows; ++y) {
    for (int x = 0; x < skin.cols; ++x) {
      cv::Vec3f& pixel = skin.at<cv::Vec3f>(y, x);
      const auto shade = static_cast<float>(sigmoid((mean - 0.085 - base.at<float>(y, x)) * 60));
      pixel += cv::Vec3f(-7.0f, 2.5f, 3.0f) * shade;
      for (const cv::Point2d& p : cheeks) {
        const double distance = cv::norm(cv::Point2d(x, y) - p) / breadth;
        pixel[1] += static_cast<float>(8.0 * std::exp(-0.5 * distance * distance));
      }
    }
  }
  return skin;
}

// Dark hair: ink with indigo combed through it. Fair hair: its own brown, lights of paper, lines of brown.
cv::Mat print_hair(const Scene& scene, const cv::Mat& matte, bool dark, const cv::Vec3f& own) {
  const cv::Mat inside = inside_of(resized(matte, kSmall_px), 0.3);
  cv::Mat light;
  cv::extractChannel(draw_hair(scene, matte, 1.0), light, 0);
  const cv::Mat shape = masked_soft(resized(light, kSmall_px), inside, 0.11 * scene.small_unit());
  const cv::Mat relief = light - resized(shape, scene.canvas_px());
  const cv::Vec3f ink = lab_of(kInk), brown = lab_of(kBrown);
  const cv::Vec3f mass =
      dark ? between(ink, own, 0.22) : between(brown, {own[0] * 0.95f, own[1] * 1.2f, own[2] * 1.3f}, 0.65);
  const cv::Vec3f comb = between(mass, lab_of(dark ? kIndigo : kCream), 0.5);
  const cv::Vec3f line = lab_of({0.20, 0.135, 0.10});
  cv::Mat hair = filled(scene.canvas_px(), mass);
  for (int y = 0; y < hair.rows; ++y) {
    for (int x = 0; x < hair.cols; ++x) {
      const double height = relief.at<float>(y, x);
      cv::Vec3f& pixel = hair.at<cv::Vec3f>(y, x);
      pixel = between(pixel, comb, 0.8 * std::clamp((height - 2.5) / 5.0, 0.0, 1.0));
      if (!dark) pixel = between(pixel, line, 0.7 * std::clamp((-height - 2.0) / 5.0, 0.0, 1.0));
    }
  }
  return hair;
}

// `picture` larger, with smooth borders between the areas of one value in `areas` (CV_8U, both of one size).
cv::Mat cut_out(const cv::Mat& picture, const cv::Mat& areas, int side_px) {
  cv::Mat best = cv::Mat::zeros(side_px, side_px, CV_32F), result(side_px, side_px, CV_32FC3);
  double most = 0;
  cv::minMaxLoc(areas, nullptr, &most);
  for (int value = 0; value <= cvRound(most); ++value) {
    cv::Mat area;
    cv::Mat(areas == value).convertTo(area, CV_32F, 1.0 / 255.0);
    if (cv::countNonZero(area) == 0) continue;
    // Colours of this area alone, also beyond its border.
    const cv::Mat colours = resized(masked_soft(picture, area, 1.5), side_px);
    const cv::Mat share = resized(soft(area, 1.2), side_px);
    const cv::Mat wins = share > best;
    colours.copyTo(result, wins);
    cv::max(best, share, best);
  }
  return result;
}

// Flattened, then each area in the nearest pigment.
cv::Mat print_cloth(const Scene& scene) {
  static const std::array<Rgb, 9> kPigments = {kIndigo, kVermilion, kOchre, kGreen, kGrey,
                                               kNavy,   kCream,     kRose,  kBrown};
  std::array<cv::Vec3f, kPigments.size()> pigments;
  std::transform(kPigments.begin(), kPigments.end(), pigments.begin(), lab_of);
  cv::Mat small, flat;
  from_lab(scene.small).convertTo(small, CV_8UC3, 255.0);
  cv::pyrMeanShiftFiltering(small, flat, 7, 34);
  flat.convertTo(flat, CV_32F, 1.0 / 255.0);
  const cv::Mat lab = to_lab(flat);
  cv::Mat nearest(lab.size(), CV_8U);
  for (int y = 0; y < lab.rows; ++y) {
    for (int x = 0; x < lab.cols; ++x) {
      const cv::Vec3f pixel = lab.at<cv::Vec3f>(y, x);
      const auto distance = [&pixel](const cv::Vec3f& pigment) {
        const cv::Vec3f d = cv::Vec3f(pixel[0], pixel[1] * 1.35f, pixel[2] * 1.35f) - pigment;
        return 0.6f * d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      };
      const auto best = std::min_element(pigments.begin(), pigments.end(), [&](const auto& a, const auto& b) {
        return distance(a) < distance(b);
      });
      nearest.at<uint8_t>(y, x) = static_cast<uint8_t>(best - pigments.begin());
    }
  }
  cv::medianBlur(nearest, nearest, 5);
  cv::Mat cloth(lab.size(), CV_32FC3);
  for (int y = 0; y < lab.rows; ++y) {
    for (int x = 0; x < lab.cols; ++x) {
      cloth.at<cv::Vec3f>(y, x) = between(lab.at<cv::Vec3f>(y, x), pigments[nearest.at<uint8_t>(y, x)], 0.7);
    }
  }
  return cut_out(cloth, nearest, scene.canvas_px());
}

// Bokashi: pigment wiped thinner and thinner towards the middle of the block. Warm or cool as the photo was.
cv::Mat print_background(const Scene& scene) {
  const int side = scene.canvas_px();
  const cv::Mat behind = resized(scene.mattes.of({Label::kBackground}), kSmall_px);
  const cv::Scalar mean = cv::mean(scene.small, behind > 0.5f);
  const double warmth = sigmoid((mean[2] - 2.0) * 0.8);  // Lab b: yellow against blue
  const cv::Vec3f pigment =
      between(lab_of(kIndigo), between(lab_of(kVermilion), lab_of(kOchre), 0.4), warmth);
  const cv::Vec3f cream = lab_of(kCream);
  cv::Mat background(side, side, CV_32FC3);
  for (int y = 0; y < side; ++y) {
    const double height = static_cast<double>(y) / side;
    const double share = std::pow(std::max(1.0 - height / 0.42, 0.0), 1.3);
    const cv::Vec3f colour = between(cream, pigment, share);
    background.row(y).setTo(cv::Scalar(colour[0], colour[1], colour[2]));
  }
  return background;
}

void print_mouth(cv::Mat& picture, const Scene& scene) {
  const cv::Mat lips = scene.mattes.of({Label::kLips}), mouth = scene.mattes.of({Label::kMouth});
  cv::Mat light;
  cv::extractChannel(scene.lab, light, 0);
  const double white = white_light(scene);
  const cv::Mat teeth =
      soft(mapped(light, [white](double l) { return sigmoid((l - 0.6 * white) * 0.5); }), 1.2 * scene.px());
  const int side = scene.canvas_px();
  const cv::Mat inside =
      mix(filled(side, lab_of({0.22, 0.13, 0.16})), filled(side, lab_of({0.94, 0.92, 0.86})), teeth);
  // Vermilion on fair skin; on dark skin a deep red that is as much darker than it.
  const cv::Vec3f skin = skin_tone(scene.skin), deep(skin[0] - 9, skin[1] + 15, skin[2] + 1);
  const cv::Vec3f red = between(deep, lab_of({0.74, 0.38, 0.33}), smooth_step(46, 72, skin[0]));
  picture = mix(picture, filled(side, red), lips * 0.72);
  picture = mix(picture, inside, mouth);
}

// The bridge and the tip of the nose as one brush line, on the side that is turned away.
cv::Mat nose_line(const Scene& scene) {
  const auto& p = scene.landmarks;
  const cv::Point2d eyes = (face::eye_centre(p, 0) + face::eye_centre(p, 1)) / 2.0;
  cv::Point2d down = (p[48] + p[54]) / 2.0 - eyes;
  down /= std::max(cv::norm(down), 1e-6);
  cv::Point2d side(down.y, -down.x);
  if ((p[30] - eyes).dot(side) <= 0) side = -side;
  const cv::Point2d wing = side.dot(p[35] - p[31]) > 0 ? p[35] : p[31];
  const double d = scene.unit;
  return brush_line(
      {p[27] + side * 0.11 * d - down * 0.05 * d, p[28] + side * 0.085 * d, p[29] + side * 0.09 * d,
       p[30] + side * 0.15 * d + down * 0.02 * d, wing + side * 0.03 * d - down * 0.01 * d,
       wing * 0.75 + p[33] * 0.25 + down * 0.035 * d, p[33] + down * 0.03 * d},
      0.017 * d, scene.lab.size());
}

cv::Mat print_lines(const Scene& scene) {
  const std::vector<Label> skin = {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris},
                           hair = {Label::kHair}, behind = {Label::kBackground}, cloth = {Label::kCloth},
                           hat = {Label::kHat};
  cv::Mat lines = outlines(scene.mattes,
                           {{skin, behind, 0.9f},
                            {skin, cloth, 0.9f},
                            {skin, hair, 0.35f},
                            {cloth, behind, 1.0f},
                            {hat, behind, 1.0f},
                            {hat, skin, 0.9f},
                            {hat, hair, 0.8f},
                            {hair, behind, 0.9f},
                            {hair, cloth, 0.9f},
                            {{Label::kLips}, {Label::kMouth}, 0.8f},
                            {{Label::kLips}, {Label::kSkin}, 0.3f}},
                           3.3 * scene.px());
  cv::Mat light;
  cv::extractChannel(scene.lab, light, 0);
  cv::Mat smooth;
  cv::bilateralFilter(cv::Mat(resized(light, kWork_px) / 100.0), smooth, 9, 0.14, 7);
  LineOptions options;
  options.sigma_px = 1.3 * std::sqrt(scene.small_unit() / 55);
  const Mattes& mattes = scene.mattes;
  const cv::Mat near_eyes = soft(inside_of(mattes.of({Label::kEye, Label::kIris}), 0.2), 2.5 * scene.px());
  const cv::Mat wanted =
      clamped(mattes.of({Label::kSkin}) * 0.75 + mattes.of({Label::kCloth, Label::kHat}) * 0.8 +
              mattes.of({Label::kGlasses}) * 1.2 + mattes.of({Label::kHair}) * 0.25);
  const cv::Mat contours =
      contour_lines(smooth, options, scene.canvas_px()).mul(wanted).mul(1.0 - near_eyes * 0.9) * 0.85;
  const cv::Mat face = inside_of(mattes.of({Label::kSkin}), 0.5);
  const cv::Mat nose = nose_line(scene).mul(clamped(mattes.of({Label::kSkin, Label::kLips}))) * 0.85;
  cv::max(lines, contours, lines);
  cv::max(lines, nose, lines);
  cv::max(lines, cv::Mat(jaw_line(scene.landmarks, face, 0.014 * scene.unit) * 0.7), lines);
  return clamped(lines);
}

}  // namespace

Drawing draw_ukiyoe(const FaceDrawingInput& input) {
  Sitting sitting = prepare(input, kUkiyoeGeometry);
  const Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  const cv::Vec3f own_hair = hair_colour(scene);
  const bool dark = own_hair[0] < 48;

  const cv::Mat hair = mattes.of({Label::kHair}), brows = mattes.of({Label::kBrow});
  const SkinLayers layers = draw_skin(scene, 0);
  // A print has beards or none: what is only a shadow below the nose stays skin.
  const cv::Mat beard = mapped(layers.beard, [](double v) { return smooth_step(0.35, 0.7, v); });
  const cv::Mat ink_hair = print_hair(scene, clamped(hair + beard), dark, own_hair);
  const cv::Mat skin = mattes.of(
      {Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kLips, Label::kMouth, Label::kGlasses});

  cv::Mat picture = mix(print_background(scene), print_cloth(scene), mattes.of({Label::kCloth, Label::kHat}));
  picture = mix(picture, print_skin(scene, skin), skin);
  // Dark lenses and frames are ink; glare is not.
  cv::Mat light;
  cv::extractChannel(scene.lab, light, 0);
  const cv::Mat lenses = opaque_glasses(scene, layers).mul(mapped(layers.base - light, [](double d) {
    return smooth_step(0.0, 6.0, d);
  }));
  picture = mix(picture, filled(scene.canvas_px(), lab_of(kInk)), lenses * 0.9);
  picture = mix(picture, ink_hair, beard * 0.7);
  picture = mix(picture, ink_hair, hair);
  print_mouth(picture, scene);
  const cv::Mat brow =
      mapped(soft(brows, 1.2 * scene.px()), [](double v) { return std::clamp(v * 1.2 - 0.28, 0.0, 0.8); });
  picture = mix(picture, filled(scene.canvas_px(), lab_of(dark ? kInk : Rgb{0.26, 0.18, 0.13})), brow);

  EyeLook look;
  look.iris_lab = between(lab_of(kBrown), sitting.iris_lab, 0.35);
  look.lash_lab = lab_of(kInk);
  look.white_light = std::min(94.0f, skin_tone(scene.skin)[0] + 6.0f);
  look.opened_lids = 0.06;
  look.line_px = 0.036 * scene.unit;
  cv::Mat cover;
  cv::max(cv::Mat(hair + mattes.of({Label::kHat})), lenses, cover);
  paint_eyes(picture, sitting, look, cover);

  picture = mix(picture, filled(scene.canvas_px(), lab_of(kInk)), print_lines(scene) * 0.88);
  std::vector<cv::Mat> planes;
  cv::split(picture, planes);
  planes[0] = planes[0].mul(paper(picture.rows, kPaperSeed, 0.026, 2.2));
  cv::merge(planes, picture);
  sitting.drawing.picture = picture_from_canvas(picture);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
