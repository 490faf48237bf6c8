#include "teachers/film.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "support/synthetic_face.h"

namespace toonmirror::teachers {
namespace {

using face::Label;
using testing::synthetic_face;
using testing::SyntheticFaceOptions;

cv::Vec3d mean_at(const cv::Mat& rgb, const cv::Rect& area) {
  const cv::Scalar mean = cv::mean(rgb(area));
  return {mean[0], mean[1], mean[2]};
}

// Of all skin.
cv::Vec3d mean_skin(const cv::Mat& rgb, const cv::Mat& labels) {
  const cv::Scalar mean = cv::mean(rgb, labels == static_cast<int>(Label::kSkin));
  return {mean[0], mean[1], mean[2]};
}

TEST(Film, EnlargesTheEyes) {
  const FaceDrawingInput input = synthetic_face();
  const auto eye_area = [](const cv::Mat& labels) {
    return cv::countNonZero(labels == static_cast<int>(Label::kEye)) +
           cv::countNonZero(labels == static_cast<int>(Label::kIris));
  };
  EXPECT_GT(eye_area(draw_film(input).labels), 1.5 * eye_area(input.labels));
}

TEST(Film, NobodyBecomesDarkerOrLighterThanTheyAre) {
  for (const cv::Scalar& skin :
       {cv::Scalar(95, 62, 45), cv::Scalar(165, 120, 95), cv::Scalar(235, 200, 185)}) {
    const FaceDrawingInput input = synthetic_face({.skin = skin});
    const Drawing drawing = draw_film(input);
    const cv::Vec3d drawn = mean_skin(drawing.picture, drawing.labels),
                    photo = mean_skin(input.photo, input.labels);
    EXPECT_NEAR(drawn[1], photo[1], 28) << skin;
    EXPECT_GT(drawn[0], drawn[2]) << skin;  // warm
  }
}

TEST(Film, LightsAFlatPhotoAsARoundHead) {
  // The photo's skin is one colour; the drawing's cheeks fall off to the side away from the key light.
  const cv::Mat picture = draw_film(synthetic_face()).picture;
  const double middle = cv::norm(mean_at(picture, {120, 70, 16, 12}));
  const double side = cv::norm(mean_at(picture, {180, 150, 8, 12}));
  EXPECT_GT(middle, side + 8);
}

TEST(Film, AGreyPhotoStaysGrey) {
  FaceDrawingInput input = synthetic_face();
  cv::Mat grey;
  cv::cvtColor(input.photo, grey, cv::COLOR_RGB2GRAY);
  cv::cvtColor(grey, input.photo, cv::COLOR_GRAY2RGB);
  std::vector<cv::Mat> planes;
  cv::split(draw_film(input).picture, planes);
  double most = 0;
  cv::minMaxLoc(cv::abs(planes[0] - planes[2]), nullptr, &most);
  EXPECT_LT(most, 6);
}

TEST(Film, DarkGlassesStayDark) {
  FaceDrawingInput input = synthetic_face();
  for (const int x : {97, 159}) {
    cv::ellipse(input.photo, {x, 116}, {26, 20}, 0, 0, 360, {18, 18, 20}, cv::FILLED);
    cv::ellipse(input.labels, {x, 116}, {26, 20}, 0, 0, 360, static_cast<int>(Label::kGlasses), cv::FILLED);
  }
  const cv::Mat picture = draw_film(input).picture;
  EXPECT_LT(cv::norm(mean_at(picture, {90, 110, 14, 12})), 90);
}

TEST(Film, EyesAreNoLampsInTheDark) {
  FaceDrawingInput input = synthetic_face();
  const cv::Rect eye(85, 105, 24, 22);
  double bright = 0, dim = 0;
  cv::minMaxLoc(draw_film(input).picture(eye).clone().reshape(1), nullptr, &bright);
  input.photo *= 0.2;
  cv::minMaxLoc(draw_film(input).picture(eye).clone().reshape(1), nullptr, &dim);
  EXPECT_GT(bright, 200);
  EXPECT_LT(dim, 0.7 * bright);
}

TEST(Film, NeedsAMesh) {
  FaceDrawingInput input = synthetic_face();
  input.mesh.clear();
  EXPECT_THROW(draw_film(input), Error);
}

}  // namespace
}  // namespace toonmirror::teachers
