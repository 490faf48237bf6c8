#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "teachers/film_parts.h"
#include "teachers/filters.h"
#include "teachers/head_light.h"
#include "teachers/relief.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

// Points of the mesh (MediaPipe's numbering): cheeks and the nose's tip.
constexpr size_t kLeftCheek = 50, kLeftSmile = 205, kRightCheek = 280, kRightSmile = 425, kNoseTip = 4;

cv::Vec3f unit_vector(const cv::Vec3f& v) { return v / static_cast<float>(cv::norm(v)); }

// How far each pixel lies below its surroundings: nostrils, sockets, below the lip. 0 … 0.16.
cv::Mat hollows_of(const FilmStage& stage, double unit) {
  cv::Mat hollow = soft(stage.height, 0.14 * unit) - stage.height - 0.01 * unit;
  hollow = cv::min(cv::max(hollow * (1.5 / unit), 0.0), 0.16);
  return hollow.mul(stage.share).mul(stage.share);
}

cv::Mat blurred_colour(const cv::Mat& light, const cv::Mat& plane, const cv::Mat& inside, double unit) {
  return guided_model(light, plane / 100.0, inside, 0.30 * unit, 0.03).apply(light) * 100.0;
}

struct Blob {
  cv::Point2d centre;
  double sigma, amount;
};

std::array<Blob, 3> blush_of(const std::vector<cv::Point3d>& mesh, double scale, double unit) {
  const auto at = [&](size_t i) { return rescaled({mesh[i].x, mesh[i].y}, scale); };
  return {Blob{at(kLeftCheek) * 0.6 + at(kLeftSmile) * 0.4, 0.26 * unit, 9},
          Blob{at(kRightCheek) * 0.6 + at(kRightSmile) * 0.4, 0.26 * unit, 9},
          Blob{at(kNoseTip), 0.17 * unit, 6}};
}

// Everything that varies with the photo alone; lightness 0 … 1.
struct SkinTone {
  LinearModel fit;  // takes pores from the photo's lightness
  cv::Mat forms;    // what is left
  cv::Mat own;      // what the photo's light makes of average skin
  cv::Mat tone;     // the skin's own tone relative to average: beard, blush, make-up
  cv::Mat folds;    // forms finer than the mesh: nostrils, smile lines, lids
  double mean = 0;  // lightness of the face
};

SkinTone tone_of(LinearModel fit, const cv::Mat& forms, const cv::Mat& inside, const FilmStage& stage,
                 const HeadLight& photo, double unit) {
  SkinTone result;
  result.fit = std::move(fit);
  result.forms = forms;
  result.own = photo.on(stage.normals);
  result.tone = masked_soft(result.forms / result.own, inside, 0.16 * unit);
  result.tone = cv::min(cv::max(result.tone, 0.72), 1.2);
  cv::Mat folds = result.forms - masked_soft(result.forms, inside, 0.10 * unit);
  for (float& f : cv::Mat_<float>(folds))
    f = f > 0 ? 0.06f * std::tanh(f / 0.06f) : 0.22f * std::tanh(f / 0.22f);
  result.folds = folds;
  cv::Mat face;
  cv::threshold(inside.mul(stage.share), face, 0.5, 1.0, cv::THRESH_BINARY);
  result.mean = mean_where(result.forms, cv::sum(face)[0] > 100 ? face : inside);
  return result;
}

}  // namespace

double mean_where(const cv::Mat& plane, const cv::Mat& weight) {
  return plane.dot(weight) / (cv::sum(weight)[0] + 1e-6);
}

FilmStage film_stage(const Scene& scene, const std::vector<cv::Point3d>& mesh) {
  FilmStage stage;
  const double unit = scene.small_unit();
  const double scale = static_cast<double>(kSmall_px) / scene.canvas_px();
  std::vector<cv::Point3d> small(mesh.size());
  std::transform(mesh.begin(), mesh.end(), small.begin(), [scale](const cv::Point3d& p) {
    const cv::Point2d at = rescaled({p.x, p.y}, scale);
    return cv::Point3d(at.x, at.y, p.z * scale);
  });
  const Relief relief = relief_of(small, scene.small.size());
  stage.height = relief.height;
  const cv::Mat head = resized(scene.mattes.of({Label::kSkin, Label::kBrow, Label::kEye, Label::kIris,
                                                Label::kGlasses, Label::kMouth, Label::kLips}),
                               kSmall_px);
  // No edge of the mesh may show: the dome takes over well inside of it.
  cv::Mat inner;
  cv::erode(relief.share, inner, cv::getStructuringElement(cv::MORPH_ELLIPSE, {3, 3}), {-1, -1},
            cvRound(0.10 * unit));
  stage.share = cv::min(cv::max(soft(inner, 0.11 * unit) * 1.35 - 0.35, 0.0), 1.0);
  const cv::Mat face = normals_of(soft(relief.height, 0.035 * unit), 0.85);
  const cv::Mat neck = normals_of(soft(dome(head, 0.9 * unit) * 0.5, 0.10 * unit), 0.8);
  stage.normals = mixed_normals(neck, face, stage.share);
  // A grey photo has no colour anywhere.
  std::vector<cv::Mat> planes;
  cv::split(scene.small, planes);
  cv::Mat chroma;
  cv::magnitude(planes[1], planes[2], chroma);
  stage.colour = smooth_step(
      2.0, 5.0, cv::mean(chroma)[0] + 0.5 * cv::norm(cv::Vec2f(scene.skin[1], scene.skin[2])) * 0.5);
  return stage;
}

cv::Mat film_skin(const Scene& scene, FilmStage& stage, const std::vector<cv::Point3d>& mesh,
                  const SkinLayers& layers) {
  const double unit = scene.small_unit();
  std::vector<cv::Mat> planes;
  cv::split(scene.small, planes);
  const cv::Mat light = planes[0] / 100.0;
  const cv::Mat inside = inside_of(resized(scene.mattes.of({Label::kSkin}), kSmall_px), 0.6);
  const LinearModel fit = guided_model(light, light, inside, 0.073 * unit, 0.0022);
  const cv::Mat forms = fit.apply(light);
  const HeadLight photo(stage.normals, forms, inside.mul(stage.share));
  stage.key = unit_vector(unit_vector({-0.30f, -0.50f, 0.95f}) * 0.6f + photo.direction() * 0.4f);
  stage.gloss = unit_vector(stage.key + cv::Vec3f(0, 0, 1));
  const SkinTone skin = tone_of(fit, forms, inside, stage, photo, unit);

  // Chroma from skin without beard, slowly varying and a little evened out.
  const cv::Mat bare = inside.mul(1.0 - 0.9 * resized(layers.beard, kSmall_px));
  std::array<cv::Mat, 2> ab;
  for (size_t c = 0; c < 2; ++c) {
    ab[c] = blurred_colour(light, planes[c + 1], bare + 0.02 * inside, unit);
    const double average = mean_where(planes[c + 1], bare);
    ab[c] = average + (ab[c] - average) * 0.75;
  }

  const cv::Mat hollows = hollows_of(stage, unit);
  cv::Mat shade(light.size(), CV_32F), wrapped(light.size(), CV_32F);
  for (int y = 0; y < shade.rows; ++y) {
    for (int x = 0; x < shade.cols; ++x) {
      const float facing = stage.normals.at<cv::Vec3f>(y, x).dot(stage.key);
      const float wrap = std::pow(std::clamp((facing + 0.45f) / 1.45f, 0.0f, 1.0f), 1.25f);
      wrapped.at<float>(y, x) = wrap;
      shade.at<float>(y, x) = (0.60f + 0.55f * wrap) * (1 - hollows.at<float>(y, x));
    }
  }
  const double mean_shade = mean_where(shade, inside);
  const std::array<Blob, 3> blush = blush_of(mesh, static_cast<double>(kSmall_px) / scene.canvas_px(), unit);
  const auto colour = static_cast<float>(stage.colour);
  const auto mean = static_cast<float>(skin.mean + 0.05 * (1 - skin.mean));
  cv::Mat result(light.size(), CV_32FC3);
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) {
      const cv::Vec3f n = stage.normals.at<cv::Vec3f>(y, x);
      const float wrap = wrapped.at<float>(y, x), hollow = hollows.at<float>(y, x);
      const float tone = std::pow(skin.tone.at<float>(y, x), 0.7f);
      // What neither the mesh nor the tone explains: half of it stays, as it is who this is.
      const float left_over = std::clamp(
          skin.forms.at<float>(y, x) - skin.own.at<float>(y, x) * skin.tone.at<float>(y, x), -0.15f, 0.06f);
      float l = mean * shade.at<float>(y, x) / static_cast<float>(mean_shade) * tone +
                1.15f * skin.folds.at<float>(y, x) + 0.38f * left_over;
      float a = ab[0].at<float>(y, x), b = ab[1].at<float>(y, x);
      // Light that went through the skin is red where shadow begins, and in hollows.
      const float through = std::exp(-std::pow((wrap - 0.42f) / 0.20f, 2.0f));
      a = a * 1.08f + colour * (through * 4.5f + hollow * 30);
      b = b * 1.10f + colour * (through * 3.0f + hollow * 16 + 2.0f);
      for (const Blob& spot : blush) {
        const double d =
            (x - spot.centre.x) * (x - spot.centre.x) + (y - spot.centre.y) * (y - spot.centre.y);
        const auto glow = static_cast<float>(std::exp(-d / (2 * spot.sigma * spot.sigma)));
        a += colour * static_cast<float>(spot.amount) * glow;
        b += colour * static_cast<float>(0.25 * spot.amount) * glow;
        l -= 0.012f * glow;
      }
      const float gloss = std::clamp(n.dot(stage.gloss), 0.0f, 1.0f), form = stage.share.at<float>(y, x);
      const float rim = std::pow(std::clamp(1 - n[2], 0.0f, 1.0f), 2.2f) *
                        std::clamp(0.7f * n[0] - 0.5f * n[1] + 0.2f, 0.0f, 1.0f);
      l += form * (0.12f * std::pow(gloss, 30.0f) + 0.05f * std::pow(gloss, 8.0f) + 0.10f * rim);
      if (l > 0.88f) l = 0.88f + 0.10f * std::tanh((l - 0.88f) / 0.10f);  // rolls off
      result.at<cv::Vec3f>(y, x) = {100 * std::clamp(l, 0.03f, 0.985f), a, b};
    }
  }
  // Inside features and where no skin is near, the skin around goes on.
  cv::Mat known;
  cv::min(soft(inside, 0.04 * unit) * 3.0, 1.0, known);
  cv::Mat picture = resized(mix(masked_soft(result, inside, 0.12 * unit), result, known), scene.canvas_px());
  // The forms' edges are as sharp as the photo has them: what was changed is added to what the fit makes of
  // it.
  cv::Mat full, change;
  cv::extractChannel(scene.lab, full, 0);
  cv::extractChannel(result, change, 0);
  const cv::Mat fine = skin.fit.enlarged(full.size()).apply(full / 100.0) * 100.0 +
                       resized(change - skin.forms * 100.0, scene.canvas_px());
  const cv::Mat trust = resized(known.mul(inside), scene.canvas_px());
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      float& light_here = picture.at<cv::Vec3f>(y, x)[0];
      light_here += (std::clamp(fine.at<float>(y, x), 3.0f, 98.5f) - light_here) * trust.at<float>(y, x);
    }
  }
  return picture;
}

}  // namespace toonmirror::teachers
