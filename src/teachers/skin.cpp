#include "teachers/skin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

// The pixel of a point, however far outside of the picture it lies.
cv::Point pixel_of(const cv::Point2d& point) {
  constexpr double kFar = 1e4;
  return {cvRound(std::clamp(point.x, -kFar, kFar)), cvRound(std::clamp(point.y, -kFar, kFar))};
}

void add_blob(cv::Mat& plane, const cv::Point2d& centre, double sigma, double amount) {
  const int reach = static_cast<int>(3.5 * sigma) + 1;
  const cv::Rect box = cv::Rect(pixel_of(centre) - cv::Point(reach, reach), cv::Size(2 * reach, 2 * reach)) &
                       cv::Rect({0, 0}, plane.size());
  for (int y = box.y; y < box.br().y; ++y) {
    for (int x = box.x; x < box.br().x; ++x) {
      const double d = (x - centre.x) * (x - centre.x) + (y - centre.y) * (y - centre.y);
      plane.at<float>(y, x) += static_cast<float>(amount * std::exp(-d / (2 * sigma * sigma)));
    }
  }
}

// Replaces what was averaged over `known` pixels with `sigma` by `other` where none of them was near.
void fill_unknown(cv::Mat& plane, const cv::Mat& known, double sigma, const cv::Mat& other) {
  cv::Mat trust;
  cv::min(soft(known, sigma) * 20.0, 1.0, trust);
  plane = plane.mul(trust) + other.mul(1.0 - trust);
}

// The mean of the skin around; far from any, as behind sunglasses, the person's mean.
cv::Mat wide_mean(const cv::Mat& plane, const cv::Mat& inside, double unit, double person) {
  cv::Mat wide = masked_soft(plane, inside, 0.35 * unit);
  fill_unknown(wide, inside, 0.35 * unit, cv::Mat(plane.size(), CV_32F, cv::Scalar(person)));
  return wide;
}

// Where the axis of the face divides the way between the cheeks, 0 … 1, so that turned heads have one too.
double axis_of(const face::Landmarks& p, const cv::Point2d& left, const cv::Point2d& across) {
  const cv::Point2d middle = (p[33] + p[51] + p[57] + p[8]) / 4.0;
  return std::clamp((middle - left).dot(across) / std::max(across.dot(across), 1.0), 0.2, 0.8);
}

// A shadow is on one side, a beard on both: takes what the other half of the face does not have as well.
cv::Mat on_both_sides(const cv::Mat& matte, const cv::Point2d& left, const cv::Point2d& across, double axis,
                      double unit) {
  const cv::Mat around = soft(matte, 0.10 * unit);
  const double breadth = std::max(across.dot(across), 1.0);
  cv::Mat places(matte.size(), CV_32FC2), other;
  for (int y = 0; y < matte.rows; ++y) {
    for (int x = 0; x < matte.cols; ++x) {
      const double t = (cv::Point2d(x, y) - left).dot(across) / breadth;
      const double mirrored =
          t < axis ? axis + (axis - t) * (1 - axis) / axis : axis - (t - axis) * axis / (1 - axis);
      const cv::Point2d there = cv::Point2d(x, y) + (mirrored - t) * across;
      places.at<cv::Vec2f>(y, x) = {static_cast<float>(there.x), static_cast<float>(there.y)};
    }
  }
  cv::remap(around, other, places, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return cv::min(matte, other * 1.6);
}

// Beards cover the lip below the nose or the chin; folds beside a smile and shadows under the jaw do not.
double beard_presence(const cv::Mat& matte, const face::Landmarks& p) {
  const auto mean_in = [&matte](const std::array<cv::Point2d, 4>& corners) {
    std::array<cv::Point, 4> polygon;
    std::ranges::transform(corners, polygon.begin(), pixel_of);
    cv::Mat mask = cv::Mat::zeros(matte.size(), CV_8U);
    cv::fillConvexPoly(mask, polygon.data(), static_cast<int>(polygon.size()), 255);
    return cv::mean(matte, mask)[0];
  };
  const cv::Point2d chin = p[8] * 0.8 + p[57] * 0.2;
  const double moustache = mean_in({p[31], p[35], p[53], p[49]});
  const double goatee = mean_in({p[58], p[56], p[9] * 0.5 + chin * 0.5, p[7] * 0.5 + chin * 0.5});
  return smooth_step(0.08, 0.22, std::max(moustache, goatee));
}

// Chroma for the lightness, CIE Lab planes, without pores.
cv::Mat saturation_of(const std::vector<cv::Mat>& lab, const cv::Mat& inside, double unit) {
  cv::Mat chroma;
  cv::magnitude(lab[1], lab[2], chroma);
  return masked_soft(chroma / (lab[0] + 8.0), inside, 0.03 * unit);
}

// Dark, colourless and textured on the lower face, compared with the cheek of its own side (so that a shadow
// over half the face is no beard). All at kSmall_px; `light` is the skin's lightness 0 … 1 without pores.
cv::Mat beard_matte(const cv::Mat& light, const cv::Mat& detail, const cv::Mat& saturation,
                    const cv::Mat& skin, const face::Landmarks& points, double unit) {
  const auto mean_at = [](const cv::Mat& plane, const cv::Point2d& p) {
    const cv::Point pixel = pixel_of(p);
    const cv::Point q(std::clamp(pixel.x, 0, plane.cols - 1), std::clamp(pixel.y, 0, plane.rows - 1));
    const cv::Rect box = cv::Rect(q.x - 4, q.y - 4, 9, 9) & cv::Rect({0, 0}, plane.size());
    return std::max(cv::mean(plane(box))[0], 0.08);
  };
  const auto& p = points;
  const cv::Point2d left = (p[41] + p[31] * 2.0 + p[2]) * 0.25, right = (p[46] + p[35] * 2.0 + p[14]) * 0.25;
  const double left_light = mean_at(light, left), right_light = mean_at(light, right);
  const double left_colour = mean_at(saturation, left), right_colour = mean_at(saturation, right);
  const cv::Point2d nose = p[33], chin = p[8], across = right - left;
  cv::Point2d down = chin - p[27];
  const double height = std::max(std::hypot(down.x, down.y), 1.0),
               breadth = std::max(across.dot(across), 1.0);
  down /= height;
  const cv::Mat rough = soft(cv::abs(detail), 0.045 * unit);
  cv::Mat matte = cv::Mat::zeros(light.size(), CV_32F);
  for (int y = 0; y < matte.rows; ++y) {
    for (int x = 0; x < matte.cols; ++x) {
      const cv::Point2d here(x, y);
      const double below = (here - nose).dot(down) / height;
      if (below < -0.30 || below > 0.66 || skin.at<float>(y, x) <= 0) continue;
      const double side = smooth_step(0.1, 0.9, (here - left).dot(across) / breadth);
      const double cheek = left_light * (1 - side) + right_light * side;
      const double dark = (cheek - light.at<float>(y, x)) / std::max(cheek, 0.6);
      // A shadow on skin is as colourful for its lightness as the skin, hair is not.
      const double colour = saturation.at<float>(y, x) / (left_colour * (1 - side) + right_colour * side);
      const double texture = rough.at<float>(y, x) / std::max(cheek, 0.4);
      // Sideburns are beard only at the rim of the face; the moustache starts under the nose.
      const double rim = smooth_step(0.75, 1.05, std::abs(2 * (here - left).dot(across) / breadth - 1));
      const double place =
          smooth_step(-0.04 - 0.2 * rim, 0.05 - 0.2 * rim, below) * (1 - smooth_step(0.50, 0.62, below));
      matte.at<float>(y, x) =
          static_cast<float>(place * (1 - smooth_step(0.85, 1.02, colour)) * smooth_step(0.11, 0.26, dark) *
                             smooth_step(0.006, 0.018, texture));
    }
  }
  matte = on_both_sides(matte, left, across, axis_of(p, left, across), unit);
  return soft(matte * beard_presence(matte, p), 0.012 * unit).mul(skin);
}

}  // namespace

SkinLayers draw_skin(const Scene& scene, double blush) {
  // All but the last steps at kSmall_px.
  const double unit = scene.small_unit();
  const double scale = static_cast<double>(kSmall_px) / scene.canvas_px();
  face::Landmarks p;
  std::transform(scene.landmarks.begin(), scene.landmarks.end(), p.begin(),
                 [scale](const cv::Point2d& point) { return rescaled(point, scale); });
  const auto enlarged = [&scene](const cv::Mat& small) { return resized(small, scene.canvas_px()); };
  const cv::Mat matte = resized(scene.mattes.of({Label::kSkin}), kSmall_px);
  const cv::Mat inside = inside_of(matte, 0.5);
  std::vector<cv::Mat> small;
  cv::split(scene.small, small);
  const cv::Mat light = small[0] / 100.0;

  // Two scales: forms such as nostrils, folds and lids stay, pores and spots go.
  const LinearModel fit = guided_model(light, light, inside, 0.075 * unit, 0.0010);
  const cv::Mat forms = fit.apply(light);
  cv::Mat base =
      masked_soft(guided_model(forms, forms, inside, 0.2 * unit, 0.008).apply(forms), inside, 0.06 * unit);
  const cv::Mat detail = forms - masked_soft(forms, inside, 0.11 * unit);
  SkinLayers layers;
  const cv::Mat beard = beard_matte(masked_soft(light, inside, 0.02 * unit), light - forms,
                                    saturation_of(small, inside, unit), matte, p, unit);
  layers.beard = enlarged(beard);

  // Chroma comes from the skin without beard, slowly varying.
  const cv::Mat bare = inside.mul(1.0 - beard) + 0.02 * inside;
  std::array<cv::Mat, 2> ab;
  for (size_t c = 0; c < 2; ++c) ab[c] = masked_soft(small[c + 1], bare, 0.16 * unit);
  for (size_t c = 0; c < 2; ++c)
    fill_unknown(ab[c], bare, 0.16 * unit,
                 wide_mean(small[c + 1], inside, unit, scene.skin[static_cast<int>(c) + 1]));
  fill_unknown(base, inside, 0.06 * unit, wide_mean(light, inside, unit, scene.skin[0] / 100.0));
  layers.base = enlarged(base) * 100.0;

  // Hair and hat shade the skin below them.
  cv::Mat shade = resized(scene.mattes.of({Label::kHair, Label::kHat}), kSmall_px);
  shade = soft(shade, 0.09 * unit);
  const cv::Point2d down = (p[8] - p[27]) * (1.0 / std::max(cv::norm(p[8] - p[27]), 1.0));
  const cv::Matx23d shift(1, 0, down.x * 0.05 * unit, 0, 1, down.y * 0.05 * unit);
  cv::warpAffine(shade, shade, shift, shade.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);

  // Flatly lit faces get their forms back.
  const cv::Mat face = face_polygon(p, light.size()).mul(inside);
  const double contrast = cv::Mat(cv::abs(detail)).dot(face) / (cv::sum(face)[0] + 1.0);
  const auto gain = static_cast<float>(1.20 * std::clamp(0.016 / std::max(contrast, 1e-3), 1.0, 1.5));
  const auto mean = scene.skin[0] / 100.0f;
  cv::Mat change(light.size(), CV_32F);  // of lightness, against `forms`
  for (int y = 0; y < light.rows; ++y) {
    for (int x = 0; x < light.cols; ++x) {
      const float fine = detail.at<float>(y, x);
      const float form = fine > 0 ? 0.07f * std::tanh(fine / 0.07f) : 0.24f * std::tanh(fine / 0.24f);
      float tone = base.at<float>(y, x) + gain * form;
      const float relative = tone - mean;
      tone = mean + relative * 0.94f + 0.02f * (1 - mean);
      tone += 0.30f * std::max(relative - 0.10f, 0.0f) - 0.05f * shade.at<float>(y, x);
      // Highlights roll off instead of burning out.
      if (tone > 0.86f) tone = 0.86f + 0.11f * std::tanh((tone - 0.86f) / 0.11f);
      // Shadows turn warm in proportion to their depth: a cheap look of light under the skin.
      const float depth = std::clamp(mean - tone, 0.0f, 0.3f);
      const float light_side = std::clamp(tone - mean, 0.0f, 0.3f);
      ab[0].at<float>(y, x) = ab[0].at<float>(y, x) * 1.05f + 18.0f * depth - 10.0f * light_side;
      ab[1].at<float>(y, x) = ab[1].at<float>(y, x) * 1.06f + 12.0f * depth - 8.0f * light_side;
      change.at<float>(y, x) = std::max(tone, 0.0f) - forms.at<float>(y, x);
    }
  }
  const std::array<cv::Point2d, 2> cheeks = {(p[36] + p[41] + p[31] + p[48]) / 4.0 * 0.55 + p[3] * 0.45,
                                             (p[45] + p[46] + p[35] + p[54]) / 4.0 * 0.55 + p[13] * 0.45};
  for (const cv::Point2d& cheek : cheeks) {
    add_blob(ab[0], cheek, 0.27 * unit, blush);
    add_blob(ab[1], cheek, 0.27 * unit, 0.3 * blush);
  }
  add_blob(ab[0], p[30], 0.13 * unit, 0.45 * blush);
  add_blob(change, p[30] + (p[29] - p[30]) * 0.25, 0.05 * unit, 0.035);

  cv::Mat full;
  cv::extractChannel(scene.lab, full, 0);
  const cv::Mat fine = fit.enlarged(full.size()).apply(full / 100.0);
  // Where no skin is near, as inside a large eye, there is nothing to fit: the base alone.
  const cv::Mat known = enlarged(soft(inside, 0.075 * unit)) * 8.0;
  cv::Mat trust;
  cv::min(known, 1.0, trust);
  cv::Mat tone = fine + enlarged(change);
  tone = (tone.mul(trust) + (layers.base / 100.0).mul(1.0 - trust)) * 100.0;
  cv::min(cv::max(tone, 0.0), 100.0, tone);
  cv::merge(std::vector<cv::Mat>{tone, enlarged(ab[0]), enlarged(ab[1])}, layers.skin);
  return layers;
}

cv::Mat opaque_glasses(const Scene& scene, const SkinLayers& layers, const GlassLimits& limits) {
  cv::Mat opaque = scene.mattes.of({Label::kGlasses});
  for (int y = 0; y < opaque.rows; ++y) {
    for (int x = 0; x < opaque.cols; ++x) {
      float& value = opaque.at<float>(y, x);
      if (value < 0.01f) continue;
      const double light = scene.lab.at<cv::Vec3f>(y, x)[0], base = layers.base.at<float>(y, x);
      const double dark = (base - light) / std::max(base, 15.0);
      value *= static_cast<float>(std::max(smooth_step(limits.darker, limits.darker + 0.20, dark),
                                           smooth_step(limits.lighter, limits.lighter + 16, light - base)));
    }
  }
  return opaque;
}

void draw_brows(cv::Mat& picture, const Scene& scene, const SkinLayers& layers) {
  const cv::Mat brow = scene.mattes.of({Label::kBrow});
  const cv::Mat inside = inside_of(resized(brow, kSmall_px), 0.4);
  const cv::Mat large =
      resized(masked_soft(scene.small, inside, 0.05 * scene.small_unit()), scene.canvas_px());
  const cv::Mat matte = soft(brow, 1.5 * scene.px());
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const float cover = matte.at<float>(y, x);
      if (cover < 0.01f) continue;
      // The label is broader than the hairs: what is dark in it counts more.
      const cv::Vec3f own = scene.lab.at<cv::Vec3f>(y, x);
      const double dark = layers.base.at<float>(y, x) - own[0];
      const auto alpha =
          static_cast<float>(std::min(1.0, 1.15 * cover) * (0.42 + 0.53 * smooth_step(1, 16, dark)));
      cv::Vec3f brows = large.at<cv::Vec3f>(y, x);
      brows[0] = std::min(brows[0] * 0.74f, 62.0f);
      picture.at<cv::Vec3f>(y, x) += (brows - picture.at<cv::Vec3f>(y, x)) * alpha;
    }
  }
}

void draw_mouth(cv::Mat& picture, const Scene& scene) {
  const double unit = scene.small_unit();
  const cv::Mat lips = scene.mattes.of({Label::kLips}), mouth = scene.mattes.of({Label::kMouth});
  const cv::Mat lip_small = resized(lips, kSmall_px), mouth_half = halved(mouth);
  if (cv::countNonZero(lip_small > 0.02f) + cv::countNonZero(mouth_half > 0.02f) == 0) return;
  const cv::Mat inside = inside_of(lip_small, 0.4);
  cv::Mat light;
  cv::extractChannel(scene.small, light, 0);
  light = light / 100.0;
  const cv::Mat lip_light =
      resized(guided_model(light, light, inside, 0.03 * unit, 0.0016).apply(light), scene.canvas_px());
  const cv::Mat lip_colour = resized(masked_soft(scene.small, inside, 0.05 * unit), scene.canvas_px());
  const cv::Mat mouth_smooth =
      doubled(masked_soft(scene.half, inside_of(mouth_half, 0.3), 0.006 * scene.unit));
  // A soft light on the lower lip.
  cv::Mat gloss = cv::Mat::zeros(picture.size(), CV_32F);
  add_blob(gloss, (scene.landmarks[57] + scene.landmarks[66]) / 2.0, 0.07 * scene.unit, 5.0);
  for (int y = 0; y < gloss.rows; ++y) {
    for (int x = 0; x < gloss.cols; ++x) {
      cv::Vec3f& out = picture.at<cv::Vec3f>(y, x);
      if (const float cover = lips.at<float>(y, x); cover > 0.01f) {
        const cv::Vec3f colour = lip_colour.at<cv::Vec3f>(y, x);
        const cv::Vec3f lip(lip_light.at<float>(y, x) * 100.0f * 0.98f + gloss.at<float>(y, x),
                            colour[1] * 1.16f + 4.0f, colour[2] * 1.02f + 1.0f);
        out += (lip - out) * (0.92f * cover);
      }
      if (const float cover = mouth.at<float>(y, x); cover > 0.01f) {
        cv::Vec3f inner = mouth_smooth.at<cv::Vec3f>(y, x);
        // Teeth are what is bright and colourless in there; a soft switch, so that nothing flickers.
        const double redness = inner[1] - 0.4 * scene.skin[1];
        const auto tooth =
            static_cast<float>(smooth_step(0.52, 0.82, inner[0] / std::max(scene.skin[0], 20.0f)) *
                               (1 - smooth_step(8, 20, redness)));
        const cv::Vec3f white(std::min(0.42f * inner[0] + 0.62f * white_light(scene), 94.0f), 0.2f * inner[1],
                              0.25f * inner[2] + 1.0f);
        const cv::Vec3f dark(0.78f * inner[0], 0.95f * inner[1] + 5.0f, 0.8f * inner[2] + 1.0f);
        inner = dark + (white - dark) * tooth;
        out += (inner - out) * cover;
      }
    }
  }
}

}  // namespace toonmirror::teachers
