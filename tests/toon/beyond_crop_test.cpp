#include "toon/beyond_crop.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "face/mask.h"
#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using face::Label;
using testing::largest_difference;

constexpr int kSquare_px = 128, kWide_px = 224, kParsing_px = 64;

cv::Mat labelled(int size_px, Label label) {
  cv::Mat parsing(size_px, size_px, CV_32FC(face::kLabelCount), cv::Scalar::all(0));
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) parsing.ptr<float>(y, x)[static_cast<int>(label)] = 1;
  }
  return parsing;
}

float at(const cv::Mat& parsing, const cv::Point& p, Label label) {
  return parsing.ptr<float>(p.y, p.x)[static_cast<int>(label)];
}

// Waves between grey levels 40 and 110, as of hair.
cv::Mat waves(int size_px) {
  cv::Mat picture(size_px, size_px, CV_8UC3);
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      const auto level = cv::saturate_cast<uchar>(75 + 35 * std::sin(0.11 * x + 0.05 * y));
      picture.at<cv::Vec3b>(y, x) = {level, level, level};
    }
  }
  return picture;
}

TEST(BeyondCrop, TheSquareLiesWhereItIsSaid) {
  const face::FaceSquare square = {{300, 200}, {60, 25}};
  const face::Alignment narrow = face::align_square(square, kSquare_px),
                        wide = face::align_square(widened(square), kWide_px);
  const cv::Rect place = square_in_wide(kWide_px);
  EXPECT_EQ(place.size(), cv::Size(kSquare_px, kSquare_px));
  for (const cv::Point2d p : {cv::Point2d(0, 0), cv::Point2d(127, 0), cv::Point2d(40, 127)}) {
    const cv::Point2d frame = face::transform(narrow.frame_from_crop, p);
    const cv::Point2d seen = face::transform(wide.crop_from_frame, frame) - cv::Point2d(place.tl());
    EXPECT_LT(cv::norm(seen - p), 1e-6);
  }
}

TEST(BeyondCrop, WideViewsHaveWholePixelsAroundTheSquare) {
  for (const double square_px : {3.0, 97.3, 200.0, 512.0, 3000.0}) {
    for (const int drawing_px : {64, 256, 1024}) {
      const int side = wide_size_px(square_px, drawing_px);
      EXPECT_DOUBLE_EQ(side / WideView::kSide, square_in_wide(side).width);
      EXPECT_LE(side, cvCeil(WideView::kSide * std::max(drawing_px, 96)));
    }
  }
}

TEST(BeyondCrop, TheSquaresOwnParsingCountsInsideOfIt) {
  const cv::Mat merged =
      merged_parsing(labelled(kParsing_px, Label::kSkin), labelled(128, Label::kCloth), waves(kWide_px));
  ASSERT_EQ(merged.cols, cvRound(kParsing_px * WideView::kSide));
  const cv::Rect place = square_in_wide(merged.cols);
  EXPECT_FLOAT_EQ(at(merged, (place.tl() + place.br()) / 2, Label::kSkin), 1);
  EXPECT_FLOAT_EQ(at(merged, {2, 2}, Label::kCloth), 1);
  for (int i = 0; i < merged.cols; ++i) {
    double sum = 0;
    for (int label = 0; label < face::kLabelCount; ++label) sum += merged.ptr<float>(i, i)[label];
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(BeyondCrop, HairOfAnotherColourIsNotBelieved) {
  cv::Mat in_wide = labelled(128, Label::kHair);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      in_wide.ptr<float>(y, x)[static_cast<int>(Label::kHair)] = 0.8F;
      in_wide.ptr<float>(y, x)[0] = 0.2F;
    }
  }
  cv::Mat photo = waves(kWide_px);
  photo.rowRange(0, 12).setTo(cv::Scalar(230, 240, 40));
  const cv::Mat merged = merged_parsing(labelled(kParsing_px, Label::kHair), in_wide, photo);
  EXPECT_LT(at(merged, {50, 2}, Label::kHair), 0.1F);
  EXPECT_GT(at(merged, {50, 2}, Label::kBackground), 0.9F);
  EXPECT_NEAR(at(merged, {50, 108}, Label::kHair), 0.8F, 0.01F);
}

// A style that lightens and tints: what it does must be found, and done outside, too.
TEST(BeyondCrop, TonesGoOnAcrossTheBorderOfTheSquare) {
  const cv::Mat photo = waves(kWide_px);
  const cv::Rect place = square_in_wide(kWide_px);
  cv::Mat styled;
  cv::transform(photo, styled, cv::Matx34f(1.5F, 0, 0, 60, 0, 1.2F, 0, 40, 0, 0, 0.8F, 10));
  const cv::Mat parsing = labelled(cvRound(kParsing_px * WideView::kSide), Label::kHair);
  const cv::Mat drawn = carried_beyond(styled(place).clone(), photo(place).clone(), photo, photo, parsing);
  ASSERT_EQ(drawn.size(), styled.size());
  cv::Rect core = place;
  core += cv::Point(20, 20);
  core -= cv::Size(40, 40);
  EXPECT_EQ(largest_difference(drawn(core), styled(core)), 0);
  EXPECT_LT(cv::norm(drawn, styled, cv::NORM_L1) / double(3 * drawn.total()), 4);
  // No step from one pixel to the next that the style itself does not have.
  cv::Mat step, own;
  cv::absdiff(drawn.rowRange(1, kWide_px), drawn.rowRange(0, kWide_px - 1), step);
  cv::absdiff(styled.rowRange(1, kWide_px), styled.rowRange(0, kWide_px - 1), own);
  double largest = 0, usual = 0;
  cv::minMaxLoc(step.reshape(1), nullptr, &largest);
  cv::minMaxLoc(own.reshape(1), nullptr, &usual);
  EXPECT_LE(largest, usual + 6);
}

TEST(BeyondCrop, HairThatTheDrawingEndsTooEarlyIsDrawnByItsTones) {
  const cv::Mat photo = waves(kWide_px);
  const cv::Rect place = square_in_wide(kWide_px);
  cv::Mat styled = photo.clone();
  cv::Mat drawing = styled(place).clone();
  drawing.colRange(100, 128).setTo(cv::Scalar(250, 245, 120));  // the network's own background
  const cv::Mat parsing = labelled(cvRound(kParsing_px * WideView::kSide), Label::kHair);
  const cv::Mat drawn = carried_beyond(drawing, photo(place).clone(), photo, photo, parsing);
  EXPECT_LT(cv::mean(drawn(cv::Rect(place.x + 108, place.y + 30, 16, 60)))[0], 130);
}

// Locks before a wall: where the parser is in doubt, dark hair is no mist of the wall's tones, and a white collar that it
// takes for hair no shadow.
TEST(BeyondCrop, DoubtfulHairKeepsItsTones) {
  const cv::Scalar wall(215, 225, 225), collar(245, 245, 245);
  cv::Mat photo = waves(kWide_px);
  const cv::Rect place = square_in_wide(kWide_px);
  photo(cv::Rect(place.x + 64, place.y, 64, 128)).setTo(wall);
  photo.rowRange(210, kWide_px).setTo(collar);
  cv::Mat parsing = labelled(cvRound(kParsing_px * WideView::kSide), Label::kHair);
  const cv::Rect square = square_in_wide(parsing.cols);
  for (int y = 0; y < parsing.rows; ++y) {
    for (int x = 0; x < parsing.cols; ++x) {
      const bool in_square = square.contains({x, y}), on_wall = in_square && x >= square.x + 32;
      const float hair = on_wall ? 0.0F : in_square ? 1.0F : 0.5F;
      parsing.ptr<float>(y, x)[static_cast<int>(Label::kHair)] = hair;
      parsing.ptr<float>(y, x)[0] = 1 - hair;
    }
  }
  const cv::Mat drawn = carried_beyond(photo(place).clone(), photo(place).clone(), photo, photo, parsing);
  const cv::Rect below(20, 180, 180, 24), on_collar(20, 214, 180, 8);
  EXPECT_LT(cv::norm(drawn(below), photo(below), cv::NORM_L1) / double(3 * below.area()), 8);
  EXPECT_LT(cv::norm(drawn(on_collar), photo(on_collar), cv::NORM_L1) / double(3 * on_collar.area()), 12);
}

}  // namespace
}  // namespace toonmirror::toon
