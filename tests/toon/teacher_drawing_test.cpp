#include "toon/teacher_drawing.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "fixtures.h"
#include "support/synthetic_face.h"

namespace toonmirror::toon {
namespace {

using ::testing::HasSubstr;
using testing::SmallModels;

constexpr int kPhoto_px = 900;

// The drawn face, large, in the middle of a wider picture.
struct Photo {
  cv::Mat rgb{1000, 1100, CV_8UC3, cv::Scalar(60, 110, 160)};
  face::Face found;

  Photo() {
    const teachers::FaceDrawingInput drawn = toonmirror::testing::synthetic_face();
    const double scale = kPhoto_px / 256.0;
    cv::Mat large;
    cv::resize(drawn.photo, large, {kPhoto_px, kPhoto_px}, 0, 0, cv::INTER_CUBIC);
    large.copyTo(rgb(cv::Rect(100, 50, kPhoto_px, kPhoto_px)));
    for (size_t i = 0; i < drawn.landmarks.size(); ++i)
      found.landmarks[i] = drawn.landmarks[i] * scale + cv::Point2d(100, 50);
    found.square = face::ffhq_square(found.landmarks);
    for (const cv::Point3d& point : drawn.mesh)
      found.mesh.emplace_back(point.x * scale + 100, point.y * scale + 50, point.z * scale);
  }
};

// Steps between neighbouring pixels, of the steepest ones within `area`.
double steepest(const cv::Mat& rgb, const cv::Rect& area) {
  cv::Mat grey, steps;
  cv::cvtColor(rgb(area), grey, cv::COLOR_RGB2GRAY);
  cv::absdiff(grey.colRange(1, grey.cols), grey.colRange(0, grey.cols - 1), steps);
  double most = 0;
  cv::minMaxLoc(steps, nullptr, &most);
  return most;
}

TEST(TeacherDrawing, IsSharpInALargeFaceAndLeavesTheRestAlone) {
  const SmallModels models;
  const Toonifier toonifier(models.style());
  const Photo photo;
  cv::Mat picture = photo.rgb.clone();
  StageTimer timer;
  const cv::Rect changed = draw_faces_by_teacher(picture, {photo.found}, toonifier,
                                                 teachers::find_teacher("comic"), PasteMode::kFace, timer);
  ASSERT_FALSE(changed.empty());
  const cv::Rect middle(350, 350, 400, 400);
  EXPECT_EQ(changed & middle, middle);
  EXPECT_GT(cv::norm(picture(middle), photo.rgb(middle), cv::NORM_L1) / (middle.area() * 3.0), 3);
  // Ink beside white, at the photo's own resolution.
  EXPECT_GT(steepest(picture, middle), 1.5 * steepest(photo.rgb, middle));
  picture(changed).setTo(0);
  cv::Mat before = photo.rgb.clone();
  before(changed).setTo(0);
  EXPECT_EQ(cv::norm(picture, before, cv::NORM_INF), 0);
}

TEST(TeacherDrawing, LightsAHeadByItsMeshAndRefusesOneWithout) {
  const SmallModels models;
  const Toonifier toonifier(models.style());
  Photo photo;
  const auto draw = [&](cv::Mat& picture) {
    StageTimer timer;
    draw_faces_by_teacher(picture, {photo.found}, toonifier, teachers::find_teacher("film"), PasteMode::kFace,
                          timer);
  };
  cv::Mat lit = photo.rgb.clone();
  draw(lit);
  EXPECT_GT(cv::norm(lit, photo.rgb, cv::NORM_INF), 30);
  photo.found.mesh.clear();
  cv::Mat refused = photo.rgb.clone();
  EXPECT_THROW(draw(refused), Error);
  EXPECT_EQ(cv::norm(refused, photo.rgb, cv::NORM_INF), 0);
}

TEST(TeacherDrawing, IsChosenByTheStyleOrByTheCaller) {
  Style style = SmallModels().style();
  EXPECT_FALSE(teacher_of_stills(style, DrawWith::kAuto));
  EXPECT_FALSE(teacher_of_stills(style, DrawWith::kChild));
  const auto refused = [&style](const char* words) {
    EXPECT_THAT([&style] { teacher_of_stills(style, DrawWith::kTeacher); },
                ::testing::ThrowsMessage<Error>(HasSubstr(words)));
  };
  refused("small has no teacher");
  style.teacher = "ukiyoe";
  EXPECT_FALSE(teacher_of_stills(style, DrawWith::kAuto));
  EXPECT_EQ(teacher_of_stills(style, DrawWith::kTeacher)->name, "ukiyoe");
  style.stills_by_teacher = true;
  EXPECT_EQ(teacher_of_stills(style, DrawWith::kAuto)->name, "ukiyoe");
  EXPECT_FALSE(teacher_of_stills(style, DrawWith::kChild));
}

}  // namespace
}  // namespace toonmirror::toon
