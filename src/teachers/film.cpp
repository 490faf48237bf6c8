#include "teachers/film.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "base/error.h"
#include "teachers/film_parts.h"
#include "teachers/filters.h"
#include "teachers/hair.h"
#include "teachers/sitting.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

// Frames begin a little earlier and glare a little later than elsewhere.
constexpr GlassLimits kGlass = {.darker = 0.14, .lighter = 26};

// Mean Lab of the lightest fifth between the lids, where the photo shows enough of them.
std::optional<cv::Vec3f> seen_white(const Scene& scene) {
  constexpr float kInside = 0.6f;
  constexpr size_t kFewest = 12;  // pixels of kSmall_px
  const cv::Mat eyes = resized(scene.mattes.of({Label::kEye, Label::kIris}), kSmall_px);
  std::vector<cv::Vec3f> pixels;
  for (int y = 0; y < eyes.rows; ++y) {
    for (int x = 0; x < eyes.cols; ++x) {
      if (eyes.at<float>(y, x) > kInside) pixels.push_back(scene.small.at<cv::Vec3f>(y, x));
    }
  }
  if (pixels.size() < kFewest) return std::nullopt;
  const auto lightest = static_cast<std::ptrdiff_t>(pixels.size() / 5);
  std::ranges::nth_element(pixels, pixels.begin() + lightest, std::greater{},
                           [](const cv::Vec3f& lab) { return lab[0]; });
  cv::Vec3f sum(0, 0, 0);
  for (auto it = pixels.begin(); it != pixels.begin() + lightest; ++it) sum += *it;
  return sum / static_cast<float>(lightest);
}

// Eyes are no lamps: in dim or coloured light they are as dim and as coloured as it is.
void put_into_light(EyeLook& look, const Scene& scene) {
  constexpr float kColourless = 12, kTint = 0.7f;  // chroma that skin around small eyes lends them
  const std::optional<cv::Vec3f> seen = seen_white(scene);
  if (!seen) return;
  const double most = 1.15 * (*seen)[0] + 12, share = std::min(most / look.white_light, 1.0);
  look.white_light *= share;
  look.glint_light = std::min(look.glint_light, look.white_light + 16);
  look.iris_lab *= static_cast<float>(share);
  const float chroma = std::hypot((*seen)[1], (*seen)[2]);
  const float left = kTint * std::max(chroma - kColourless, 0.0f) / std::max(chroma, 1.0f);
  look.tint = cv::Vec2f((*seen)[1], (*seen)[2]) * left;
}

EyeLook look_of(const Sitting& sitting, const FilmStage& stage) {
  const Scene& scene = sitting.scene;
  EyeLook look;
  look.iris_lab = film_iris(sitting.iris_lab, stage.colour);
  const cv::Vec3f hair = hair_colour(scene);
  look.lash_lab = {std::clamp(hair[0] * 0.28f, 4.0f, 17.0f), std::clamp(hair[1] * 0.6f, 0.5f, 8.0f),
                   std::clamp(hair[2] * 0.5f, 0.5f, 9.0f)};
  look.white_light = std::min(white_light(scene) + 2.0f, 92.0f);
  look.opened_lids = 0.24;
  look.line_px = 0.046 * scene.unit;
  look.least_iris = 0.275;
  look.fibres = 0.18;
  look.roundness = 1.0;
  look.crease_lab = cv::Vec3f(scene.skin[0] * 0.45f, scene.skin[1] + 6 * static_cast<float>(stage.colour),
                              scene.skin[2] + 2 * static_cast<float>(stage.colour));
  look.crease = 0.75;
  put_into_light(look, scene);
  return look;
}

// Hair and hat shade the skin below them.
void shade_below_hair(cv::Mat& skin, const Scene& scene, const FilmStage& stage) {
  const double unit = scene.small_unit();
  cv::Mat shade = soft(resized(scene.mattes.of({Label::kHair, Label::kHat}), kSmall_px), 0.05 * unit);
  const cv::Point2d down = (scene.landmarks[8] - scene.landmarks[27]) *
                           (1.0 / std::max(cv::norm(scene.landmarks[8] - scene.landmarks[27]), 1.0));
  const cv::Matx23d shift(1, 0, down.x * 0.07 * unit, 0, 1, down.y * 0.07 * unit);
  cv::warpAffine(shade, shade, shift, shade.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  const cv::Mat large = resized(shade, skin.rows);
  const auto colour = static_cast<float>(stage.colour);
  for (int y = 0; y < skin.rows; ++y) {
    for (int x = 0; x < skin.cols; ++x) {
      const float s = std::clamp(large.at<float>(y, x), 0.0f, 1.0f);
      cv::Vec3f& pixel = skin.at<cv::Vec3f>(y, x);
      pixel[0] *= 1 - 0.20f * s;
      pixel[1] += 4.0f * colour * s;
    }
  }
}

void keep_grey(cv::Mat& lab, double colour) {
  if (colour >= 1) return;
  const auto share = static_cast<float>(colour);
  for (cv::Vec3f& pixel : cv::Mat_<cv::Vec3f>(lab)) {
    pixel[1] *= share;
    pixel[2] *= share;
  }
}

}  // namespace

cv::Vec3f film_iris(const cv::Vec3f& seen, double colour) {
  const float chroma = std::hypot(seen[1], seen[2]);
  const float hue = std::atan2(seen[2], seen[1]);
  // Dark eyes have no hue of their own in a photo, and purple ones none in life: they are brown.
  const bool purple = hue > -2.0f && hue < -0.5f && seen[0] < 44;
  const auto brown = static_cast<float>(purple ? 1.0 : 1.0 - smooth_step(9, 18, chroma));
  const float dark = static_cast<float>(1 - smooth_step(40, 52, seen[0]));
  const cv::Vec3f eye_brown(std::clamp(seen[0], 30.0f, 42.0f), 15, 27), eye_grey(seen[0], -4, -12);
  const cv::Vec3f without = eye_grey + (eye_brown - eye_grey) * dark;
  cv::Vec3f result = seen + (without - seen) * brown;
  result[0] = std::clamp(result[0] * 1.05f + 2.0f, 32.0f, 62.0f);
  result[1] *= static_cast<float>(colour);
  result[2] *= static_cast<float>(colour);
  return result;
}

Drawing draw_film(const FaceDrawingInput& input) {
  if (input.mesh.empty()) throw Error("the film teacher draws from a face mesh, and there is none");
  Sitting sitting = prepare(input, kFilmGeometry);
  Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  FilmStage stage = film_stage(scene, sitting.mesh);
  const SkinLayers plain = draw_skin(scene, 0);  // for its base and beard
  SkinLayers layers = plain;
  layers.skin = film_skin(scene, stage, sitting.mesh, plain);
  shade_below_hair(layers.skin, scene, stage);

  // A guided matte wavers along the pixels of a small photo.
  const cv::Mat hair = soft(mattes.of({Label::kHair}), 0.010 * scene.unit);
  const cv::Mat strands = film_hair(scene, stage, hair);
  const cv::Mat beard = cv::sum(layers.beard)[0] > 0 ? draw_hair(scene, layers.beard, 1.1) : strands;
  const cv::Mat things = film_cloth(scene, stage, draw_things(scene));
  const cv::Mat frame = opaque_glasses(scene, layers, kGlass);
  const cv::Mat skin = mattes.of({Label::kSkin, Label::kBrow, Label::kEye, Label::kIris, Label::kLips,
                                  Label::kMouth, Label::kGlasses}) -
                       frame;
  cv::Mat picture = mix(things, draw_background(scene, things), mattes.of({Label::kBackground}));
  picture = mix(picture, layers.skin, skin);
  picture = mix(picture, beard, layers.beard * 0.7);
  draw_brows(picture, scene, layers);
  draw_mouth(picture, scene);
  film_lips(picture, scene, stage);
  picture = mix(picture, strands, hair);

  cv::Mat cover;
  cv::max(cv::Mat(hair + mattes.of({Label::kHat})), cv::Mat(frame * 0.97), cover);
  paint_eyes(picture, sitting, look_of(sitting, stage), cover);
  keep_grey(picture, stage.colour);
  graded(picture, {.lift = 1.0f, .contrast = 26.0f, .bloom = 0.25})
      .convertTo(sitting.drawing.picture, CV_8UC3, 255.0);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
