// What every teacher promises, and what makes each of them what it is.
#include "teachers/teacher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "support/synthetic_face.h"
#include "teachers/filters.h"

namespace toonmirror::teachers {
namespace {

using face::Label;
using testing::synthetic_face;

double difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
}

cv::Mat picture_of(const std::string& teacher, const FaceDrawingInput& input) {
  return find_teacher(teacher).draw(input).picture;
}

// Mean deviation of the colour channels from grey.
double colourfulness(const cv::Mat& rgb) {
  std::vector<cv::Mat> planes;
  cv::split(rgb, planes);
  return cv::mean(cv::abs(planes[0] - planes[2]))[0];
}

// A lower face with that much of it dark and rough, from the left of the picture.
FaceDrawingInput with_stubble(int width_px) {
  FaceDrawingInput input = synthetic_face();
  cv::RNG random(4);
  cv::Mat dark = input.photo.clone();
  cv::ellipse(dark, {128, 200}, {50, 26}, 0, 0, 360, {48, 42, 40}, cv::FILLED);
  for (cv::Vec3b& pixel : cv::Mat_<cv::Vec3b>(dark)) {
    if (pixel == cv::Vec3b(48, 42, 40)) pixel *= random.uniform(0.4, 1.6);
  }
  const cv::Rect part(0, 0, width_px, 256);
  dark(part).copyTo(input.photo(part));
  return input;
}

// Lightness below the left corner of the mouth.
double jaw_light(const cv::Mat& picture) { return cv::mean(picture(cv::Rect(92, 192, 12, 12)))[1]; }

TEST(Print, ABeardIsOnBothSidesAndAShadowOnOne) {
  const double bare = jaw_light(picture_of("ukiyoe", with_stubble(1)));
  const double beard = jaw_light(picture_of("ukiyoe", with_stubble(256)));
  const double shadow = jaw_light(picture_of("ukiyoe", with_stubble(112)));
  EXPECT_LT(beard, bare - 60);
  EXPECT_GT(shadow, beard + 45);
}

class EveryTeacher : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryTeacher, DrawsAPictureOfTheSameSizeAndAlwaysTheSame) {
  const FaceDrawingInput input = synthetic_face();
  const TeacherEntry teacher = find_teacher(GetParam());
  const Drawing one = teacher.draw(input), two = teacher.draw(input);
  EXPECT_EQ(one.picture.size(), cv::Size(256, 256));
  EXPECT_EQ(one.picture.type(), CV_8UC3);
  EXPECT_EQ(one.input.size(), cv::Size(256, 256));
  EXPECT_EQ(one.labels.type(), CV_8UC1);
  EXPECT_EQ(difference(one.picture, two.picture), 0);
  EXPECT_GT(difference(one.picture, one.input), 2);
}

TEST_P(EveryTeacher, ChangesLittleWhenThePhotoChangesLittle) {
  FaceDrawingInput input = synthetic_face();
  const cv::Mat before = picture_of(GetParam(), input);
  input.photo += cv::Scalar::all(2);
  for (cv::Point2d& point : input.landmarks) point.x += 0.2;
  EXPECT_LT(difference(before, picture_of(GetParam(), input)), 6);
}

TEST_P(EveryTeacher, LabelsTheEyesItDraws) {
  const Drawing drawing = find_teacher(GetParam()).draw(synthetic_face());
  const auto count = [&](Label label) { return cv::countNonZero(drawing.labels == static_cast<int>(label)); };
  EXPECT_GT(count(Label::kIris), 20);
  EXPECT_GT(count(Label::kEye), 20);
}

TEST_P(EveryTeacher, SurvivesWhatAFaceMayBeLike) {
  const auto draws = [](const FaceDrawingInput& input) { return !picture_of(GetParam(), input).empty(); };
  EXPECT_TRUE(draws(synthetic_face({.eyes_open = false})));
  EXPECT_TRUE(draws(synthetic_face({.beard = true})));
  FaceDrawingInput input = synthetic_face();
  input.labels.setTo(0);  // nothing parsed
  EXPECT_TRUE(draws(input));
  input.photo.setTo(0);
  EXPECT_TRUE(draws(input));
  for (cv::Point2d& point : input.landmarks) point = {point.x * 40 - 3000, point.y * -25};  // far outside
  EXPECT_TRUE(draws(input));
  for (cv::Point2d& point : input.landmarks) point = {128, 128};  // all in one place
  EXPECT_TRUE(draws(input));
}

TEST_P(EveryTeacher, RefusesOtherSizes) {
  FaceDrawingInput input = synthetic_face();
  cv::resize(input.photo, input.photo, {128, 128});
  EXPECT_THROW(picture_of(GetParam(), input), Error);
  input = synthetic_face({.picture_px = 100});
  EXPECT_THROW(picture_of(GetParam(), input), Error);
  input = synthetic_face();
  input.labels = input.labels.rowRange(0, 200);
  EXPECT_THROW(picture_of(GetParam(), input), Error);
}

TEST_P(EveryTeacher, DrawsTheSamePictureAtEverySize) {
  const auto at_256 = [](const FaceDrawingInput& input) {
    const cv::Mat picture = picture_of(GetParam(), input);
    EXPECT_EQ(picture.rows, input.picture_px);
    cv::Mat small;
    cv::resize(picture, small, {256, 256}, 0, 0, cv::INTER_AREA);
    return small;
  };
  const cv::Mat plain = at_256(synthetic_face());
  for (const int picture_px : {512, 1024}) {
    EXPECT_LT(difference(plain, at_256(synthetic_face({.picture_px = picture_px}))), 3) << picture_px;
  }
  // Nor does it matter how large photo and labels are.
  FaceDrawingInput input = synthetic_face();
  cv::resize(input.photo, input.photo, {640, 640}, 0, 0, cv::INTER_CUBIC);
  cv::resize(input.labels, input.labels, {512, 512}, 0, 0, cv::INTER_NEAREST);
  for (cv::Point2d& point : input.landmarks) point = rescaled(point, 2.5);
  for (cv::Point3d& point : input.mesh) {
    const cv::Point2d at = rescaled({point.x, point.y}, 2.5);
    point = {at.x, at.y, point.z * 2.5};
  }
  EXPECT_LT(difference(plain, at_256(input)), 3);
}

// The steepest step between neighbouring pixels, of the sharpest hundredth of the picture.
double sharpness(const cv::Mat& rgb) {
  cv::Mat grey, steps;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  cv::absdiff(grey.colRange(1, grey.cols), grey.colRange(0, grey.cols - 1), steps);
  std::vector<uint8_t> values;
  for (int y = 0; y < steps.rows; ++y) values.insert(values.end(), steps.ptr(y), steps.ptr(y) + steps.cols);
  std::nth_element(values.begin(), values.end() - static_cast<std::ptrdiff_t>(values.size() / 100),
                   values.end());
  return values[values.size() - values.size() / 100];
}

TEST_P(EveryTeacher, IsAsSharpAsItsPictureEvenWhereThePhotoIsNot) {
  const FaceDrawingInput input = synthetic_face({.picture_px = 512});
  cv::Mat photo;
  cv::resize(input.photo, photo, {512, 512}, 0, 0, cv::INTER_CUBIC);
  EXPECT_GT(sharpness(picture_of(GetParam(), input)), sharpness(photo));
}

INSTANTIATE_TEST_SUITE_P(Drawing, EveryTeacher,
                         ::testing::Values("film", "toon", "ukiyoe", "painting", "drawing", "comic"),
                         [](const auto& named) { return named.param; });

TEST(Teachers, AreFoundByName) {
  EXPECT_EQ(find_teacher("toon").name, "toon");
  EXPECT_THROW(find_teacher("nobody"), Error);
  const FaceDrawingInput input = synthetic_face();
  const TeacherEntry photo = find_teacher("photo");
  EXPECT_TRUE(photo.target_is_photo);
  EXPECT_EQ(difference(photo.draw(input).picture, input.photo), 0);
}

TEST(Ukiyoe, KeepsTheOrderOfSkins) {
  const auto cheek = [](const cv::Scalar& skin) {
    return cv::mean(picture_of("ukiyoe", synthetic_face({.skin = skin}))(cv::Rect(85, 150, 16, 16)));
  };
  const cv::Scalar dark = cheek({95, 62, 45}), tan = cheek({180, 135, 110}), fair = cheek({240, 205, 190});
  EXPECT_LT(dark[0] + 15, tan[0]);
  EXPECT_LT(tan[0] + 15, fair[0]);
}

TEST(Ukiyoe, FlattensWhatIsBehindToAGradientFromTheTop) {
  FaceDrawingInput input = synthetic_face();
  const cv::Mat picture = picture_of("ukiyoe", input);
  const auto row = [&](int y) { return cv::mean(picture(cv::Rect(0, y, 24, 6)))[0]; };
  EXPECT_LT(row(0) + 20, row(110));
}

TEST(PencilDrawing, IsGraphiteOnPaper) {
  const FaceDrawingInput input = synthetic_face();
  const cv::Mat picture = picture_of("drawing", input);
  EXPECT_LT(colourfulness(picture), 14);  // the paper's own tint
  EXPECT_GT(colourfulness(input.photo), 20);
  double darkest = 0, brightest = 0;
  cv::minMaxLoc(picture.reshape(1), &darkest, &brightest);
  EXPECT_LT(darkest, 90);
  EXPECT_GT(brightest, 225);
}

TEST(PencilDrawing, DarkAndFairSkinBothKeepPaper) {
  const auto cheek = [](const cv::Scalar& skin) {
    return cv::mean(picture_of("drawing", synthetic_face({.skin = skin}))(cv::Rect(85, 150, 16, 16)))[0];
  };
  const double dark = cheek({95, 62, 45}), fair = cheek({240, 205, 190});
  EXPECT_GT(dark, 130);
  EXPECT_GT(fair, dark);
}

TEST(Painting, IsMoreColourfulThanThePhotoAndStaysLikeIt) {
  const FaceDrawingInput input = synthetic_face();
  const Drawing drawing = find_teacher("painting").draw(input);
  EXPECT_GT(colourfulness(drawing.picture), colourfulness(drawing.input));
  EXPECT_LT(difference(drawing.picture, drawing.input), 40);
}

TEST(CommandTeacher, IsAnyProgramThatMakesAPictureOfAPicture) {
  const FaceDrawingInput input = synthetic_face();
  const Drawing copied = find_teacher("command:cp").draw(input);
  EXPECT_LT(difference(copied.picture, input.photo), 1);  // up to 512 px and back
  EXPECT_EQ(difference(copied.input, input.photo), 0);
  EXPECT_EQ(find_teacher("command:cp").draw(synthetic_face({.picture_px = 512})).picture.rows, 512);
}

TEST(CommandTeacher, FailuresAreExplained) {
  const FaceDrawingInput input = synthetic_face();
  const auto expect = [&input](const std::string& command, const char* words) {
    EXPECT_THAT([&] { find_teacher("command:" + command).draw(input); },
                ::testing::ThrowsMessage<Error>(::testing::HasSubstr(words)));
  };
  expect("false", "ended with code 1");
  expect("true", "wrote no picture");
  expect("no-such-program-anywhere 2>/dev/null", "ended with code");
  EXPECT_THROW(find_teacher("command:"), Error);
}

}  // namespace
}  // namespace toonmirror::teachers
