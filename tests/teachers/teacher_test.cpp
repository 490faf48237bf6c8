// What every teacher promises, and what makes each of them what it is.
#include "teachers/teacher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "support/synthetic_face.h"

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
}

INSTANTIATE_TEST_SUITE_P(Drawing, EveryTeacher,
                         ::testing::Values("toon", "ukiyoe", "painting", "drawing", "comic"),
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
  EXPECT_EQ(difference(copied.picture, input.photo), 0);
  EXPECT_EQ(difference(copied.input, input.photo), 0);
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
