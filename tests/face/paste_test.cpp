#include "face/paste.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "face/mask.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::face_at;
using testing::read_rgb;
using testing::shared_folder;
using testing::textured_picture;

// The mask as the frame sees it.
cv::Mat mask_in_frame(const cv::Mat& mask, const Alignment& alignment, cv::Size frame) {
  cv::Mat seen;
  cv::warpAffine(mask, seen, cv::Mat(at_size(alignment, mask.cols).crop_from_frame), frame,
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  return seen;
}

double psnr_inside(const cv::Mat& a, const cv::Mat& b, const cv::Mat& mask) {
  cv::Mat difference;
  cv::absdiff(a, b, difference);
  difference.convertTo(difference, CV_32F);
  const cv::Scalar sum = cv::mean(difference.mul(difference), mask > 0.5);
  return 10 * std::log10(255 * 255 / ((sum[0] + sum[1] + sum[2]) / 3 + 1e-12));
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

TEST(Paste, AnUnchangedCropReproducesTheFrame) {
  const cv::Mat frame = textured_picture({500, 400}, 5, 11);
  for (const double roll : {0.0, 0.15, -0.7}) {
    const FaceSquare square = ffhq_square(face_at({250, 190}, 50, roll));
    for (const double finer : {1.2, 1.7, 2.5, 5.0}) {
      const Alignment alignment = align_square(square, static_cast<int>(2 * cv::norm(square.right) * finer));
      cv::Mat pasted = frame.clone();
      const cv::Mat mask = mask_square(128);
      paste_back(pasted, warp_crop(frame, alignment), mask, alignment);
      EXPECT_GE(psnr_inside(pasted, frame, mask_in_frame(mask, alignment, frame.size())), 40)
          << roll << " " << finer;
    }
  }
}

TEST(Paste, ChangesNothingOutsideTheRectangleItReturns) {
  const cv::Mat frame = textured_picture({500, 400}, 8, 14);
  for (const cv::Point2d& place : {cv::Point2d(250, 190), {20, 20}, {490, 390}, {-30, 200}, {5000, 5000}}) {
    const Landmarks face = face_at(place, 30, 0.3);
    const Alignment alignment = align_ffhq(face, 128);
    cv::Mat pasted = frame.clone();
    const cv::Mat mask = mask_from_landmarks(transform(alignment.crop_from_frame, face), 128);
    const cv::Rect changed =
        paste_back(pasted, cv::Mat(128, 128, CV_8UC3, cv::Scalar::all(255)), mask, alignment);
    EXPECT_EQ(changed & cv::Rect({}, frame.size()), changed);
    cv::Mat outside = pasted.clone();
    if (!changed.empty()) {
      frame(changed).copyTo(outside(changed));
    }
    EXPECT_EQ(largest_difference(outside, frame), 0) << place;
  }
}

TEST(Paste, ReplacesInsideAndKeepsOutsideTheMask) {
  const cv::Mat frame(400, 500, CV_8UC3, cv::Scalar(10, 20, 30));
  const Alignment alignment = align_ffhq(face_at({250, 190}, 50, 0.2), 256);
  cv::Mat mask(64, 64, CV_8U, cv::Scalar(0));
  mask(cv::Rect(16, 16, 32, 32)).setTo(255);
  cv::Mat pasted = frame.clone();
  paste_back(pasted, cv::Mat(256, 256, CV_8UC3, cv::Scalar(200, 100, 0)), mask, alignment);
  const auto at = [&](double x, double y) {
    const cv::Point2d p = transform(alignment.frame_from_crop, {x, y});
    return pasted.at<cv::Vec3b>(cvRound(p.y), cvRound(p.x));
  };
  EXPECT_EQ(at(128, 128), cv::Vec3b(200, 100, 0));
  EXPECT_EQ(at(76, 180), cv::Vec3b(200, 100, 0));
  EXPECT_EQ(at(50, 128), cv::Vec3b(10, 20, 30));
  EXPECT_EQ(at(128, 206), cv::Vec3b(10, 20, 30));
}

TEST(Paste, AnEmptyMaskChangesNothing) {
  const cv::Mat frame = textured_picture({300, 200}, 8, 15);
  cv::Mat pasted = frame.clone();
  const Alignment alignment = align_ffhq(face_at({150, 80}, 20), 64);
  EXPECT_TRUE(paste_back(pasted, cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(0)), cv::Mat::zeros(64, 64, CV_32F),
                         alignment)
                  .empty());
  EXPECT_EQ(largest_difference(pasted, frame), 0);
}

// Lines finer than the frame can show must become an even grey, not a moving pattern.
TEST(Paste, ASmallFaceDoesNotAlias) {
  cv::Mat crop(256, 256, CV_8UC3);
  for (int x = 0; x < crop.cols; ++x) {
    crop.col(x).setTo(x % 2 == 0 ? cv::Scalar::all(255) : cv::Scalar::all(0));
  }
  for (const double eyes_px : {8.0, 14.0, 22.0, 29.0}) {
    cv::Mat frame(200, 200, CV_8UC3, cv::Scalar::all(128));
    const Alignment alignment = align_ffhq(face_at({100, 90}, eyes_px, 0.1), 256);
    ASSERT_LT(alignment.scale(), 0.6);
    paste_back(frame, crop, mask_square(64), alignment);
    EXPECT_LT(largest_difference(frame, cv::Mat(frame.size(), CV_8UC3, cv::Scalar::all(128))), 24) << eyes_px;
  }
}

TEST(Paste, RefusesOtherTypes) {
  cv::Mat frame(100, 100, CV_8UC3, cv::Scalar::all(0));
  const cv::Mat crop(32, 32, CV_8UC3, cv::Scalar::all(0));
  const Alignment alignment = align_ffhq(face_at({50, 40}, 10), 32);
  const cv::Mat mask = mask_square(32);
  EXPECT_THROW(paste_back(frame, cv::Mat(32, 30, CV_8UC3), mask, alignment), Error);
  EXPECT_THROW(paste_back(frame, cv::Mat(32, 32, CV_8UC1), mask, alignment), Error);
  EXPECT_THROW(paste_back(frame, crop, cv::Mat(32, 32, CV_16U), alignment), Error);
  EXPECT_THROW(paste_back(frame, crop, cv::Mat(), alignment), Error);
}

TEST(PasteMedia, AnUnchangedCropReproducesAPhoto) {
  const std::filesystem::path folder = shared_folder("TOONMIRROR_MEDIA", "media");
  if (folder.empty()) GTEST_SKIP() << "TOONMIRROR_MEDIA names no folder";
  const cv::Mat photo = read_rgb(folder / "still_exif6.jpg");
  ASSERT_FALSE(photo.empty());
  // The face of the same picture at the sizes of a small clip, of the networks' crop and larger.
  for (const double factor : {0.35, 0.7, 1.0}) {
    cv::Mat frame;
    cv::resize(photo, frame, {}, factor, factor, cv::INTER_AREA);
    Detector detector;
    const std::vector<Face> faces = find_faces(detector, *testing::shared_predictor().get(), frame);
    ASSERT_EQ(faces.size(), 1U);
    const double side_px = 2 * cv::norm(faces[0].square.right);
    const Alignment alignment = align_square(faces[0].square, std::max(256, static_cast<int>(1.2 * side_px)));
    const cv::Mat mask =
        mask_from_landmarks(transform(at_size(alignment, 256).crop_from_frame, faces[0].landmarks), 256);
    cv::Mat pasted = frame.clone();
    paste_back(pasted, warp_crop(frame, alignment), mask, alignment);
    EXPECT_GE(psnr_inside(pasted, frame, mask_in_frame(mask, alignment, frame.size())), 40) << side_px;
  }
}

}  // namespace
}  // namespace toonmirror::face
