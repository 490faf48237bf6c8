#include "toon/scene.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "face/mask.h"
#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using testing::largest_difference;

constexpr SceneManner kManners[] = {SceneManner::kFilm, SceneManner::kComic, SceneManner::kUkiyoe,
                                    SceneManner::kDrawing, SceneManner::kPainting};

// A head in the middle third of a picture of 320 × 240: a person where the wide view's middle is.
DrawnFace head() {
  DrawnFace face;
  const face::FaceSquare square = {{160, 90}, {40, 0}};
  face.alignment = face::align_square(square, 64);
  face.wide.alignment = face::align_square(widened(square), 112);
  face.wide.photo = cv::Mat(112, 112, CV_8UC3, cv::Scalar::all(90));
  face.wide.parsing = cv::Mat(64, 64, CV_32FC(face::kLabelCount), cv::Scalar::all(0));
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const bool person = std::abs(x - 32) < 14 && y > 8;
      face.wide.parsing.ptr<float>(
          y, x)[static_cast<int>(person ? face::Label::kSkin : face::Label::kBackground)] = 1;
    }
  }
  return face;
}

double mean_difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / double(a.total() * 3);
}

TEST(Scene, WithoutAMannerNothingChanges) {
  const cv::Mat picture = colourful_picture({64, 48}, 1);
  cv::Mat result = picture.clone();
  draw_scene(result, SceneManner::kNone, {head()});
  EXPECT_EQ(largest_difference(result, picture), 0);
}

TEST(Scene, EveryMannerDrawsPicturesOfEverySizeTheSameEachTime) {
  for (const SceneManner manner : kManners) {
    for (const cv::Size size : {cv::Size(320, 240), cv::Size(37, 23), cv::Size(1, 1), cv::Size(1500, 60)}) {
      const cv::Mat picture = colourful_picture(size, 2);
      cv::Mat first = picture.clone(), second = picture.clone();
      draw_scene(first, manner, {head()});
      draw_scene(second, manner, {head()});
      ASSERT_EQ(first.size(), size);
      ASSERT_EQ(first.type(), CV_8UC3);
      EXPECT_EQ(largest_difference(first, second), 0) << name_of(manner);
      if (size.width == 320) {
        EXPECT_GT(mean_difference(first, picture), 2) << name_of(manner);
      }
    }
  }
}

// A camera's noise must not make the scene boil.
TEST(Scene, ALittleNoiseChangesLittle) {
  cv::Mat picture = colourful_picture({320, 240}, 3);
  cv::GaussianBlur(picture, picture, {}, 6);
  cv::Mat noise(picture.size(), CV_8UC3);
  cv::RNG random(5);
  random.fill(noise, cv::RNG::UNIFORM, 0, 5);
  for (const SceneManner manner : kManners) {
    cv::Mat still = picture.clone(), moved = picture + noise - cv::Scalar::all(2);
    const double before = mean_difference(still, moved);
    draw_scene(still, manner, {head()});
    draw_scene(moved, manner, {head()});
    EXPECT_LT(mean_difference(still, moved), 3 * before) << name_of(manner);
  }
}

TEST(Scene, PeopleAreWhereTheirWideViewsSeeThemAndBelow) {
  const cv::Mat figure = figures({head()}, {320, 240}, {160, 120});
  EXPECT_GT(figure.at<float>(45, 80), 0.9F);
  EXPECT_GT(figure.at<float>(105, 80), 0.8F);  // the body, below the wide view
  EXPECT_LT(figure.at<float>(10, 10), 0.05F);
  EXPECT_LT(figure.at<float>(45, 45), 0.1F);  // seen, and no person
}

TEST(Scene, WithoutPeopleNothingIsBackground) {
  const cv::Mat figure = figures({}, {320, 240}, {160, 120});
  EXPECT_EQ(cv::countNonZero(figure < 1), 0);
}

TEST(Scene, AFilmIsOutOfFocusBehindThePersonAlone) {
  cv::Mat picture(240, 320, CV_8UC3);
  for (int y = 0; y < 240; ++y) {
    for (int x = 0; x < 320; ++x) {
      picture.at<cv::Vec3b>(y, x) =
          (x / 4 + y / 4) % 2 == 0 ? cv::Vec3b(30, 30, 30) : cv::Vec3b(220, 220, 220);
    }
  }
  draw_scene(picture, SceneManner::kFilm, {head()});
  const auto contrast = [&picture](const cv::Rect& where) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(picture(where), mean, deviation);
    return deviation[1];
  };
  EXPECT_GT(contrast({144, 80, 32, 32}), 1.2 * contrast({10, 20, 32, 32}));
}

}  // namespace
}  // namespace toonmirror::toon
