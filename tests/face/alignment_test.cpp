#include "face/alignment.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "fixtures.h"

namespace toonmirror::face {
namespace {

using testing::face_at;

class RandomFaces : public ::testing::Test {
 protected:
  Landmarks next() {
    Landmarks face =
        face_at({uniform(-500, 2500), uniform(-500, 2500)}, std::exp(uniform(1, 6)), uniform(-3, 3));
    for (cv::Point2d& point : face) {
      point += 0.02 * cv::norm(face[0] - face[16]) * cv::Point2d(uniform(-1, 1), uniform(-1, 1));
    }
    return face;
  }
  double uniform(double from, double to) { return std::uniform_real_distribution<double>(from, to)(random_); }

  std::mt19937 random_{7};
};

TEST_F(RandomFaces, TheTwoTransformsAreInverseSimilarities) {
  for (int i = 0; i < 100; ++i) {
    const Alignment alignment = align_ffhq(next(), 1 + i * 10);
    const cv::Matx23d& m = alignment.frame_from_crop;
    EXPECT_NEAR(m(0, 0), m(1, 1), 1e-9 * alignment.scale());
    EXPECT_NEAR(m(0, 1), -m(1, 0), 1e-9 * alignment.scale());
    const cv::Point2d in_crop(uniform(-100, 1000), uniform(-100, 1000));
    const cv::Point2d back = transform(alignment.crop_from_frame, transform(m, in_crop));
    EXPECT_NEAR(cv::norm(back - in_crop), 0, 1e-7);
  }
}

TEST_F(RandomFaces, TheSquareMovesWithTheFace) {
  for (int i = 0; i < 100; ++i) {
    const Landmarks face = next();
    const double a = uniform(-2, 2), b = uniform(-2, 2);
    const cv::Matx23d moved_from_face(a, -b, uniform(-99, 99), b, a, uniform(-99, 99));
    const auto expected = quad_of(ffhq_square(face));
    const auto moved = quad_of(ffhq_square(transform(moved_from_face, face)));
    for (int corner = 0; corner < 4; ++corner) {
      EXPECT_NEAR(cv::norm(moved[corner] - transform(moved_from_face, expected[corner])), 0, 1e-8);
    }
  }
}

TEST_F(RandomFaces, TheCropsOuterEdgesAreTheQuad) {
  for (int i = 0; i < 20; ++i) {
    const Landmarks face = next();
    const Alignment alignment = align_ffhq(face, 256);
    const auto quad = quad_of(ffhq_square(face));
    const std::array<cv::Point2d, 4> corners = {
        cv::Point2d(-0.5, -0.5), {-0.5, 255.5}, {255.5, 255.5}, {255.5, -0.5}};
    for (int corner = 0; corner < 4; ++corner) {
      EXPECT_NEAR(cv::norm(transform(alignment.frame_from_crop, corners[corner]) - quad[corner]), 0, 1e-8);
    }
  }
}

TEST_F(RandomFaces, AnotherSizeIsTheSameSquare) {
  const Landmarks face = next();
  const cv::Matx23d direct = align_ffhq(face, 1024).frame_from_crop;
  const cv::Matx23d resized = at_size(align_ffhq(face, 256), 1024).frame_from_crop;
  EXPECT_NEAR(cv::norm(direct - resized), 0, 1e-8);
}

TEST(Alignment, AnUprightFaceHasItsEyesOnALevelLine) {
  const Landmarks in_crop =
      transform(align_ffhq(face_at({300, 200}, 80, 0.4), 256).crop_from_frame, face_at({300, 200}, 80, 0.4));
  EXPECT_NEAR(in_crop[36].y - in_crop[45].y, 0, 1e-6 * 256 + 2);
  EXPECT_LT(in_crop[36].x, in_crop[45].x);
  EXPECT_GT(in_crop[8].y, in_crop[27].y);
}

TEST(Alignment, RefusesAFaceWithoutExtent) {
  Landmarks point;
  point.fill({10, 10});
  EXPECT_THROW(align_ffhq(point, 256), Error);
  EXPECT_THROW(align_ffhq(face_at({10, 10}, 5), 0), Error);
}

// A plane of brightness is reproduced by every interpolation: the crop shows where each of its pixels looked.
TEST(WarpCrop, LooksWhereTheAlignmentSays) {
  cv::Mat frame(600, 800, CV_8UC3);
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      frame.at<cv::Vec3b>(y, x) =
          cv::Vec3b(cv::saturate_cast<uchar>(x * 0.3), cv::saturate_cast<uchar>(y * 0.4), 7);
    }
  }
  for (const int size_px : {64, 256, 700}) {
    const Alignment alignment = align_ffhq(face_at({400, 280}, 90, 0.3), size_px);
    const cv::Mat crop = warp_crop(frame, alignment);
    ASSERT_EQ(crop.size(), cv::Size(size_px, size_px));
    for (int step = 1; step < 8; ++step) {
      const cv::Point at(step * size_px / 8, (8 - step) * size_px / 8);
      const cv::Point2d in_frame = transform(alignment.frame_from_crop, cv::Point2d(at));
      EXPECT_NEAR(crop.at<cv::Vec3b>(at)[0], 0.3 * in_frame.x, 1.0) << size_px;
      EXPECT_NEAR(crop.at<cv::Vec3b>(at)[1], 0.4 * in_frame.y, 1.0) << size_px;
    }
  }
}

TEST(WarpCrop, AveragesWhatIsFinerThanTheCrop) {
  cv::Mat frame(800, 800, CV_8UC3);
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      frame.at<cv::Vec3b>(y, x) = (x + y) % 2 == 0 ? cv::Vec3b(255, 255, 255) : cv::Vec3b(0, 0, 0);
    }
  }
  cv::Mat difference;
  cv::absdiff(warp_crop(frame, align_ffhq(face_at({400, 350}, 130, 0.2), 128)), cv::Scalar(127, 127, 127),
              difference);
  double largest = 0;
  cv::minMaxLoc(difference.reshape(1), nullptr, &largest);
  EXPECT_LT(largest, 40);
}

TEST(WarpCrop, MirrorsAFaceThatLeavesTheFrame) {
  const cv::Mat frame(200, 300, CV_8UC3, cv::Scalar(10, 200, 90));
  for (const cv::Point2d& place : {cv::Point2d(0, 0), {300, 200}, {-5000, 90}, {1e6, 1e6}}) {
    const cv::Mat crop = warp_crop(frame, align_ffhq(face_at(place, 40), 96));
    EXPECT_EQ(cv::norm(crop, cv::Mat(crop.size(), CV_8UC3, cv::Scalar(10, 200, 90)), cv::NORM_INF), 0);
  }
}

}  // namespace
}  // namespace toonmirror::face
