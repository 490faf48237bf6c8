#include "teachers/toon.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "teachers/filters.h"
#include "teachers/hair.h"
#include "teachers/sitting.h"
#include "teachers/skin.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

EyeLook look_of(const Sitting& sitting, const ToonOptions& options) {
  const Scene& scene = sitting.scene;
  EyeLook look;
  look.iris_lab = sitting.iris_lab;
  // Lashes are a dark tint of hair or brows.
  const cv::Vec3f mean = hair_colour(scene);
  look.lash_lab = {std::clamp(mean[0] * 0.30f, 5.0f, 20.0f), std::clamp(mean[1] * 0.6f, 1.0f, 8.0f),
                   std::clamp(mean[2] * 0.5f, 1.0f, 9.0f)};
  look.white_light = white_light(scene);
  look.opened_lids = options.opened_lids;
  look.line_px = 0.036 * scene.unit;
  return look;
}

}  // namespace

Drawing draw_toon(const FaceDrawingInput& input, const ToonOptions& options) {
  Sitting sitting = prepare(input, options.geometry);
  Scene& scene = sitting.scene;
  const Mattes& mattes = scene.mattes;
  const cv::Mat skin = mattes.of({Label::kSkin, Label::kBrow, Label::kEye, Label::kIris});
  relight(scene);

  const SkinLayers layers = draw_skin(scene, options.blush);
  const cv::Mat hair = mattes.of({Label::kHair});
  const cv::Mat strands = draw_hair(scene, hair + layers.beard, options.hair_saturation);
  const cv::Mat things = draw_things(scene);
  const cv::Mat frame = opaque_glasses(scene, layers);

  cv::Mat picture = mix(things, draw_background(scene, things), mattes.of({Label::kBackground}));
  picture = mix(picture, layers.skin,
                skin + mattes.of({Label::kLips, Label::kMouth}) + mattes.of({Label::kGlasses}) - frame);
  picture = mix(picture, strands, layers.beard * 0.85);
  draw_brows(picture, scene, layers);
  draw_mouth(picture, scene);
  picture = mix(picture, strands, hair);

  cv::Mat cover;
  cv::max(cv::Mat(hair + mattes.of({Label::kHat})), cv::Mat(frame * 0.95), cover);
  paint_eyes(picture, sitting, look_of(sitting, options), cover);
  graded(picture, {.lift = 0.8f, .contrast = 28.0f, .bloom = 0.2})
      .convertTo(sitting.drawing.picture, CV_8UC3, 255.0);
  return std::move(sitting.drawing);
}

}  // namespace toonmirror::teachers
