#include "teachers/sitting.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "teachers/filters.h"

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
  evidence.eye = mattes.of({Label::kEye, Label::kIris});
  evidence.iris = mattes.of({Label::kIris});
  evidence.glasses = mattes.of({Label::kGlasses});
  cv::extractChannel(lab, evidence.light, 0);
  const cv::Mat skin = mattes.of({Label::kSkin}).mul(face_polygon(landmarks, lab.size()));
  evidence.skin_light = evidence.light.dot(skin) / (cv::sum(skin)[0] + 1e-3);
  const std::array<EyeShape, 2> eyes = find_eyes(landmarks, evidence);
  iris_lab = iris_colour(lab, evidence.eye, eyes);
  return eyes;
}

cv::Vec3f mean_within(const cv::Mat& lab, const cv::Mat& inside) {
  const cv::Scalar mean = cv::mean(lab, inside > 0.6f);
  return {static_cast<float>(mean[0]), static_cast<float>(mean[1]), static_cast<float>(mean[2])};
}

}  // namespace

Sitting prepare(const FaceDrawingInput& input, const face::CartoonGeometry& geometry) {
  check(input);
  const cv::Mat labels = labels_or_landmarks(input.labels, input.landmarks);
  face::Landmarks landmarks;
  std::transform(input.landmarks.begin(), input.landmarks.end(), landmarks.begin(), on_canvas);
  const face::DisplacementField field(landmarks, kCanvas_px, geometry);
  const Mattes photo_mattes(input.photo, labels);
  cv::Mat photo, large;
  input.photo.convertTo(photo, CV_32F, 1.0 / 255.0);
  cv::resize(photo, large, {kCanvas_px, kCanvas_px}, 0, 0, cv::INTER_CUBIC);

  cv::Vec3f iris_lab;
  std::array<EyeShape, 2> eyes =
      eyes_of_photo(to_lab(photo), input.landmarks, photo_mattes, labels.data == input.labels.data, iris_lab);
  for (EyeShape& eye : eyes) {
    eye.left = field.forward(on_canvas(eye.left));
    eye.right = field.forward(on_canvas(eye.right));
  }
  Scene scene{.lab = to_lab(field.warp(large, cv::INTER_CUBIC)),
              .half = {},
              .mattes = photo_mattes.warped(field, kCanvas_px),
              .landmarks = field.forward(landmarks),
              .unit = std::clamp(face::eye_distance(landmarks), 0.1 * kCanvas_px, 0.6 * kCanvas_px),
              .skin = {}};
  scene.half = halved(scene.lab);
  const cv::Mat face = scene.mattes.of({Label::kSkin}).mul(face_polygon(scene.landmarks, scene.lab.size()));
  scene.skin = mean_within(scene.lab, face);

  Drawing drawing;
  const face::DisplacementField small_field(input.landmarks, kDrawingSize_px, geometry);
  drawing.input = small_field.warp(input.photo, cv::INTER_CUBIC);
  drawing.labels = small_field.warp(labels, cv::INTER_NEAREST);
  return {std::move(scene), eyes, iris_lab, std::move(drawing)};
}

cv::Vec3f hair_colour(const Scene& scene) {
  return mean_within(scene.half, halved(scene.mattes.of({Label::kHair, Label::kBrow})));
}

void paint_eyes(cv::Mat& picture, Sitting& sitting, const EyeLook& look, const cv::Mat& cover) {
  for (size_t i = 0; i < sitting.eyes.size(); ++i) {
    const DrawnEye eye = prepare_eye(sitting.eyes[i], look, /*outer_is_left=*/i == 0);
    paint_eye(picture, eye, look, cover);
    label_eye(sitting.drawing.labels, eye, kScale);
  }
}

cv::Mat picture_from_canvas(const cv::Mat& lab) {
  cv::Mat rgb, picture;
  cv::resize(from_lab(lab), rgb, {kDrawingSize_px, kDrawingSize_px}, 0, 0, cv::INTER_AREA);
  rgb.convertTo(picture, CV_8UC3, 255.0);
  return picture;
}

}  // namespace toonmirror::teachers
