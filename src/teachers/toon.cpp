#include "teachers/toon.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"
#include "teachers/eye.h"
#include "teachers/eye_paint.h"
#include "teachers/filters.h"
#include "teachers/hair.h"
#include "teachers/scene.h"
#include "teachers/skin.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

constexpr double kScale = static_cast<double>(kCanvas_px) / kDrawingSize_px;

cv::Point2d on_canvas(const cv::Point2d& p) {
  return (p + cv::Point2d(0.5, 0.5)) * kScale - cv::Point2d(0.5, 0.5);
}

void check(const FaceDrawingInput& input) {
  const cv::Size size(kDrawingSize_px, kDrawingSize_px);
  if (input.photo.size() != size || input.photo.type() != CV_8UC3 || input.labels.size() != size ||
      input.labels.type() != CV_8UC1) {
    throw Error("a teacher draws from crops of 256 px with labels of the same size");
  }
  for (const cv::Point2d& p : input.landmarks) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y))
      throw Error("a teacher draws from landmarks that are finite");
  }
}

std::array<EyeShape, 2> eyes_of_photo(const cv::Mat& lab, const face::Landmarks& landmarks,
                                      const Mattes& mattes, bool labelled, cv::Vec3f& iris_lab) {
  EyeEvidence evidence;
  evidence.labelled = labelled;
  evidence.eye = mattes.of({Label::eye, Label::iris});
  evidence.iris = mattes.of({Label::iris});
  evidence.glasses = mattes.of({Label::glasses});
  cv::extractChannel(lab, evidence.light, 0);
  const cv::Mat skin = mattes.of({Label::skin}).mul(face_polygon(landmarks, lab.size()));
  evidence.skin_light = evidence.light.dot(skin) / (cv::sum(skin)[0] + 1e-3);
  const std::array<EyeShape, 2> eyes = find_eyes(landmarks, evidence);
  iris_lab = iris_colour(lab, evidence.eye, eyes);
  return eyes;
}

// What shows in front of skin inside the label of glasses: the frame, and lenses that are no clear glass.
cv::Mat frame_matte(const Scene& scene, const SkinLayers& layers) {
  cv::Mat frame = scene.mattes.of({Label::glasses});
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      float& value = frame.at<float>(y, x);
      if (value < 0.01f) continue;
      const double light = scene.lab.at<cv::Vec3f>(y, x)[0], base = layers.base.at<float>(y, x);
      value *= static_cast<float>(std::max(smooth_step(0.16, 0.36, (base - light) / std::max(base, 15.0)),
                                           smooth_step(24, 40, light - base)));
    }
  }
  return frame;
}

EyeLook look_of(const Scene& scene, const cv::Mat& hair, const cv::Vec3f& iris_lab,
                const ToonOptions& options) {
  EyeLook look;
  look.iris_lab = iris_lab;
  // Lashes are a dark tint of hair or brows.
  const cv::Mat dark = halved(hair + scene.mattes.of({Label::brow}));
  const cv::Scalar mean = cv::mean(scene.half, dark > 0.6f);
  look.lash_lab = {static_cast<float>(std::clamp(mean[0] * 0.30, 5.0, 20.0)),
                   static_cast<float>(std::clamp(mean[1] * 0.6, 1.0, 8.0)),
                   static_cast<float>(std::clamp(mean[2] * 0.5, 1.0, 9.0))};
  look.white_light = white_light(scene);
  look.opened_lids = options.opened_lids;
  look.line_px = 0.036 * scene.unit;
  return look;
}

// A soft S-curve, lively colours, and a bloom from the highlights. Lab of the canvas to RGB 0 … 1.
cv::Mat graded(cv::Mat lab) {
  for (int y = 0; y < lab.rows; ++y) {
    auto* pixel = lab.ptr<cv::Vec3f>(y);
    for (int x = 0; x < lab.cols; ++x) {
      // x - 3x² + 2x³ stands in for the sine of a full turn.
      const float l = std::clamp(pixel[x][0] / 100.0f, 0.0f, 1.0f);
      pixel[x][0] = 100.0f * l + 0.8f - 28.0f * l * (1 - l) * (1 - 2 * l);
      pixel[x][1] *= 1.08f;
      pixel[x][2] *= 1.08f;
    }
  }
  cv::Mat rgb;
  cv::resize(from_lab(lab), rgb, {kDrawingSize_px, kDrawingSize_px}, 0, 0, cv::INTER_AREA);
  cv::Mat bright;
  cv::max(rgb - cv::Scalar::all(0.72), 0.0, bright);
  return rgb + soft(bright, 4) * 0.2;
}

}  // namespace

Drawing draw_toon(const FaceDrawingInput& input, const ToonOptions& options) {
  check(input);
  const cv::Mat labels = labels_or_landmarks(input.labels, input.landmarks);
  face::Landmarks landmarks;
  std::transform(input.landmarks.begin(), input.landmarks.end(), landmarks.begin(), on_canvas);
  const face::DisplacementField field(landmarks, kCanvas_px, options.geometry);
  const Mattes photo_mattes(input.photo, labels);
  cv::Mat photo;
  input.photo.convertTo(photo, CV_32F, 1.0 / 255.0);
  cv::Mat large;
  cv::resize(photo, large, {kCanvas_px, kCanvas_px}, 0, 0, cv::INTER_CUBIC);
  cv::Vec3f iris_lab;
  std::array<EyeShape, 2> eyes =
      eyes_of_photo(to_lab(photo), input.landmarks, photo_mattes, labels.data == input.labels.data, iris_lab);

  Scene scene{.lab = to_lab(field.warp(large, cv::INTER_CUBIC)),
              .half = {},
              .mattes = photo_mattes.warped(field, kCanvas_px),
              .landmarks = field.forward(landmarks),
              .unit = std::clamp(face::eye_distance(landmarks), 0.1 * kCanvas_px, 0.6 * kCanvas_px),
              .skin = {}};
  const Mattes& mattes = scene.mattes;
  const cv::Mat skin = mattes.of({Label::skin, Label::brow, Label::eye, Label::iris});
  scene.skin = relight(scene.lab, skin, face_polygon(scene.landmarks, scene.lab.size()));
  scene.half = halved(scene.lab);

  const SkinLayers layers = draw_skin(scene, options.blush);
  const cv::Mat hair = mattes.of({Label::hair});
  const cv::Mat strands = draw_hair(scene, hair + layers.beard, options.hair_saturation);
  const cv::Mat things = draw_things(scene);
  const cv::Mat frame = frame_matte(scene, layers);

  cv::Mat picture = mix(things, draw_background(scene, things), mattes.of({Label::background}));
  picture = mix(picture, layers.skin,
                skin + mattes.of({Label::lips, Label::mouth}) + mattes.of({Label::glasses}) - frame);
  picture = mix(picture, strands, layers.beard * 0.85);
  draw_brows(picture, scene, layers);
  draw_mouth(picture, scene);
  picture = mix(picture, strands, hair);

  Drawing drawing;
  const face::DisplacementField small_field(input.landmarks, kDrawingSize_px, options.geometry);
  drawing.input = small_field.warp(input.photo, cv::INTER_CUBIC);
  drawing.labels = small_field.warp(labels, cv::INTER_NEAREST);
  const EyeLook look = look_of(scene, hair, iris_lab, options);
  cv::Mat cover;
  cv::max(cv::Mat(hair + mattes.of({Label::hat})), cv::Mat(frame * 0.95), cover);
  for (size_t i = 0; i < eyes.size(); ++i) {
    eyes[i].left = field.forward(on_canvas(eyes[i].left));
    eyes[i].right = field.forward(on_canvas(eyes[i].right));
    const DrawnEye eye = prepare_eye(eyes[i], look, i == 0);
    paint_eye(picture, eye, look, cover);
    label_eye(drawing.labels, eye, kScale);
  }
  graded(picture).convertTo(drawing.picture, CV_8UC3, 255.0);
  return drawing;
}

}  // namespace toonmirror::teachers
