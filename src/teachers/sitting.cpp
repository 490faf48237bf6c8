#include "teachers/sitting.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;

void check(const FaceDrawingInput& input) {
  const auto square = [](const cv::Mat& picture, int least_px) {
    return picture.rows == picture.cols && picture.rows >= least_px && picture.rows <= kLargestSize_px;
  };
  if (!square(input.photo, kLeastSize_px) || input.photo.type() != CV_8UC3) {
    throw Error("a teacher draws from square RGB crops of 256 to 2048 px");
  }
  if (!square(input.labels, kLeastSize_px / 4) || input.labels.type() != CV_8UC1) {
    throw Error("a teacher draws with square label maps of 64 to 2048 px");
  }
  if (input.picture_px < kLeastSize_px || input.picture_px > kLargestSize_px) {
    throw Error("a teacher draws pictures of 256 to 2048 px");
  }
  for (const cv::Point2d& p : input.landmarks) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y))
      throw Error("a teacher draws from landmarks that are finite");
  }
}

face::Landmarks rescaled(const face::Landmarks& landmarks, double scale) {
  face::Landmarks result;
  std::transform(landmarks.begin(), landmarks.end(), result.begin(),
                 [scale](const cv::Point2d& p) { return teachers::rescaled(p, scale); });
  return result;
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

Sitting prepare(const FaceDrawingInput& input, const face::CartoonGeometry& wanted) {
  check(input);
  const double photo_px = input.photo.rows;
  const int canvas_px = 2 * input.picture_px;
  const cv::Mat work_photo = resized(input.photo, kWork_px);
  const face::Landmarks work_landmarks = rescaled(input.landmarks, kWork_px / photo_px);
  const cv::Mat labels =
      labels_or_landmarks(input.labels, rescaled(input.landmarks, input.labels.rows / photo_px));
  const face::CartoonGeometry geometry =
      face::behind_glasses(wanted, face::glasses_share(labels == static_cast<int>(Label::kGlasses)));
  const Mattes mattes(work_photo, labels);
  const face::DisplacementField work_field(work_landmarks, kWork_px, geometry);

  cv::Mat photo;
  work_photo.convertTo(photo, CV_32F, 1.0 / 255.0);
  cv::Vec3f iris_lab;
  std::array<EyeShape, 2> eyes =
      eyes_of_photo(to_lab(photo), work_landmarks, mattes, labels.data == input.labels.data, iris_lab);
  const double canvas_per_work = static_cast<double>(canvas_px) / kWork_px;
  for (EyeShape& eye : eyes) {
    eye.left = teachers::rescaled(work_field.forward(eye.left), canvas_per_work);
    eye.right = teachers::rescaled(work_field.forward(eye.right), canvas_per_work);
  }
  const face::Landmarks landmarks = rescaled(input.landmarks, canvas_px / photo_px);
  input.photo.convertTo(photo, CV_32F, 1.0 / 255.0);
  const face::DisplacementField field(landmarks, canvas_px, geometry);
  Scene scene{.lab = to_lab(field.warp(resized(photo, canvas_px), cv::INTER_CUBIC)),
              .half = {},
              .small = {},
              .mattes = mattes.warped(work_field, canvas_px),
              .landmarks = field.forward(landmarks),
              .unit = std::clamp(face::eye_distance(landmarks), 0.1 * canvas_px, 0.6 * canvas_px),
              .skin = {}};
  scene.half = halved(scene.lab);
  scene.small = resized(scene.lab, kSmall_px);
  const cv::Mat face = resized(
      scene.mattes.of({Label::kSkin}).mul(face_polygon(scene.landmarks, scene.lab.size())), kSmall_px);
  scene.skin = mean_within(scene.small, face);

  Drawing drawing;
  const face::DisplacementField input_field(rescaled(input.landmarks, kInputSize_px / photo_px),
                                            kInputSize_px, geometry);
  cv::Mat input_labels;
  cv::resize(labels, input_labels, {kInputSize_px, kInputSize_px}, 0, 0, cv::INTER_NEAREST);
  drawing.input = input_field.warp(resized(input.photo, kInputSize_px), cv::INTER_CUBIC);
  drawing.labels = input_field.warp(input_labels, cv::INTER_NEAREST);
  std::vector<cv::Point3d> mesh;
  const double canvas_per_photo = canvas_px / photo_px;
  for (const cv::Point3d& point : input.mesh) {
    const cv::Point2d moved = field.forward(teachers::rescaled({point.x, point.y}, canvas_per_photo));
    mesh.emplace_back(moved.x, moved.y, point.z * canvas_per_photo);
  }
  return {std::move(scene), eyes, iris_lab, std::move(drawing), std::move(mesh)};
}

cv::Vec3f hair_colour(const Scene& scene) {
  return mean_within(scene.small, resized(scene.mattes.of({Label::kHair, Label::kBrow}), kSmall_px));
}

void paint_eyes(cv::Mat& picture, Sitting& sitting, const EyeLook& look, const cv::Mat& cover) {
  for (size_t i = 0; i < sitting.eyes.size(); ++i) {
    const DrawnEye eye = prepare_eye(sitting.eyes[i], look, /*outer_is_left=*/i == 0);
    paint_eye(picture, eye, look, cover);
    label_eye(sitting.drawing.labels, eye, static_cast<double>(picture.rows) / kInputSize_px);
  }
}

cv::Mat graded(cv::Mat lab, const Grade& grade) {
  for (int y = 0; y < lab.rows; ++y) {
    auto* pixel = lab.ptr<cv::Vec3f>(y);
    for (int x = 0; x < lab.cols; ++x) {
      // x - 3x² + 2x³ stands in for the sine of a full turn.
      const float l = std::clamp(pixel[x][0] / 100.0f, 0.0f, 1.0f);
      pixel[x][0] = 100.0f * l + grade.lift - grade.contrast * l * (1 - l) * (1 - 2 * l);
      pixel[x][1] *= 1.08f;
      pixel[x][2] *= 1.08f;
    }
  }
  const cv::Mat rgb = halved(from_lab(lab));
  cv::Mat bright;
  cv::max(resized(rgb, kSmall_px) - cv::Scalar::all(0.72), 0.0, bright);
  return rgb + resized(soft(bright, 4), rgb.rows) * grade.bloom;
}

cv::Mat picture_from_canvas(const cv::Mat& lab) {
  cv::Mat picture;
  halved(from_lab(lab)).convertTo(picture, CV_8UC3, 255.0);
  return picture;
}

}  // namespace toonmirror::teachers
