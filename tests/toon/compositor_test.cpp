#include "toon/compositor.h"

#include "face/mask.h"
#include "fixtures.h"

namespace toonmirror::toon {
namespace {

using testing::colourful_picture;
using testing::largest_difference;

constexpr int kCropPx = 64;
const cv::Scalar kRed(255, 0, 0);
const cv::Scalar kBlue(0, 0, 255);

// A face of that half side, drawn in one colour; its landmarks form a disc around the centre of the crop.
DrawnFace drawn_face(const cv::Point2d& centre, double half_side_px, const cv::Scalar& colour) {
  DrawnFace face;
  face.alignment = face::align_square({centre, {half_side_px, 0}}, kCropPx);
  for (int i = 0; i < face::kLandmarkCount; ++i) {
    const double angle = 2 * CV_PI * i / face::kLandmarkCount;
    face.landmarks[i] = centre + 0.4 * half_side_px * cv::Point2d(std::cos(angle), std::sin(angle));
  }
  face.photo_crop = cv::Mat(kCropPx, kCropPx, CV_8UC3, cv::Scalar(90, 90, 90));
  // The middle half of the crop is skin.
  face.parsing = cv::Mat(kCropPx, kCropPx, CV_32FC(face::kLabelCount), cv::Scalar::all(0));
  for (int y = 0; y < kCropPx; ++y) {
    for (int x = 0; x < kCropPx; ++x) {
      const bool skin = std::abs(x - kCropPx / 2) < kCropPx / 4 && std::abs(y - kCropPx / 2) < kCropPx / 4;
      face.parsing.ptr<float>(y, x)[static_cast<int>(skin ? face::Label::kSkin : face::Label::kBackground)] =
          1;
    }
  }
  face.drawing = cv::Mat(kCropPx, kCropPx, CV_8UC3, colour);
  return face;
}

TEST(Compositor, ChangesTheFaceAndNothingOutsideTheRectangle) {
  const cv::Mat picture = colourful_picture({200, 160}, 1);
  for (const PasteMode mode : {PasteMode::kHead, PasteMode::kFace, PasteMode::kCrop}) {
    cv::Mat result = picture.clone();
    const cv::Rect changed = composite(result, {drawn_face({90, 80}, 40, kRed)}, mode);
    EXPECT_EQ(result.at<cv::Vec3b>(80, 90), cv::Vec3b(255, 0, 0));
    cv::Mat outside = result.clone();
    picture(changed).copyTo(outside(changed));
    EXPECT_EQ(largest_difference(outside, picture), 0);
    EXPECT_LE(changed.area(), 83 * 83);
  }
}

TEST(Compositor, PastesAsMuchAsTheModeSays) {
  const auto red_pixels = [](PasteMode mode) {
    cv::Mat result(160, 200, CV_8UC3, cv::Scalar::all(0));
    composite(result, {drawn_face({90, 80}, 40, kRed)}, mode);
    cv::Mat red;
    cv::extractChannel(result, red, 0);
    return cv::countNonZero(red > 127);
  };
  EXPECT_LT(red_pixels(PasteMode::kFace), red_pixels(PasteMode::kHead));
  EXPECT_LT(red_pixels(PasteMode::kHead), red_pixels(PasteMode::kCrop));
}

TEST(Compositor, PutsTheLargerFaceInFrontWhateverTheOrder) {
  const DrawnFace near = drawn_face({100, 80}, 60, kRed);
  const DrawnFace far = drawn_face({90, 80}, 30, kBlue);
  for (const auto& faces : {std::vector{near, far}, std::vector{far, near}}) {
    cv::Mat result(160, 200, CV_8UC3, cv::Scalar::all(0));
    composite(result, faces, PasteMode::kCrop);
    EXPECT_EQ(result.at<cv::Vec3b>(80, 92), cv::Vec3b(255, 0, 0));
  }
}

TEST(Compositor, AHeadGoesOnBeyondItsSquareAndNoFartherThanItsWideView) {
  const cv::Mat picture(300, 300, CV_8UC3, cv::Scalar(90, 90, 90));
  DrawnFace face = drawn_face({150, 140}, 40, kRed);
  const face::FaceSquare square = {{150, 140}, {40, 0}};
  face.wide.alignment = face::align_square(widened(square), 2 * kCropPx);
  face.wide.photo = cv::Mat(2 * kCropPx, 2 * kCropPx, CV_8UC3, cv::Scalar(90, 90, 90));
  face.wide.parsing = face.parsing.clone();
  for (cv::Mat* parsing : {&face.parsing, &face.wide.parsing}) {
    for (int y = kCropPx / 2; y < kCropPx; ++y) {  // a neck down to the lower border of both
      for (int x = kCropPx / 2 - 6; x < kCropPx / 2 + 6; ++x) {
        auto* labels = parsing->ptr<float>(y, x);
        std::fill(labels, labels + face::kLabelCount, 0.0F);
        labels[static_cast<int>(face::Label::kSkin)] = 1;
      }
    }
  }
  cv::Mat result = picture.clone();
  const cv::Rect changed = composite(result, {face}, PasteMode::kHead);
  const auto redness = [&result](int y) {
    return result.at<cv::Vec3b>(y, 150)[0] - result.at<cv::Vec3b>(y, 150)[2];
  };
  EXPECT_GT(redness(185), 180);  // beyond the square, which ends at 180
  EXPECT_GT(redness(180), 180);
  EXPECT_EQ(redness(225), 0);  // the wide view ends at 220
  EXPECT_LE(changed.width, 142);
  EXPECT_LE(changed.height, 142);
  cv::Mat outside = result.clone();
  picture(changed).copyTo(outside(changed));
  EXPECT_EQ(largest_difference(outside, picture), 0);
}

TEST(Compositor, AFaceThatIsNotPresentChangesNothing) {
  const cv::Mat picture = colourful_picture({200, 160}, 1);
  cv::Mat result = picture.clone();
  DrawnFace face = drawn_face({90, 80}, 40, kRed);
  face.shown = 0;
  composite(result, {face}, PasteMode::kHead);
  EXPECT_EQ(largest_difference(result, picture), 0);
}

TEST(Compositor, WithoutFacesChangesNothing) {
  cv::Mat picture = colourful_picture({40, 30}, 1);
  EXPECT_TRUE(composite(picture, {}, PasteMode::kHead).empty());
}

}  // namespace
}  // namespace toonmirror::toon
