#include "toon/pictures.h"

#include <gtest/gtest.h>

#include "fixtures.h"

namespace toonmirror::toon {
namespace {

TEST(PictureTensor, ThereAndBackIsThePictureItself) {
  const cv::Mat picture = testing::colourful_picture({37, 23}, 1);
  EXPECT_EQ(testing::largest_difference(picture_from_tensor(tensor_from_picture(picture)), picture), 0);
}

TEST(PictureTensor, PartsOfPicturesKeepTheirPlace) {
  const cv::Mat picture = testing::colourful_picture({40, 30}, 2);
  const cv::Mat part = picture({5, 7, 20, 10});
  const at::Tensor tensor = tensor_from_picture(part);
  EXPECT_EQ(tensor.sizes(), at::IntArrayRef({1, 3, 10, 20}));
  EXPECT_EQ(testing::largest_difference(picture_from_tensor(tensor[0]), part), 0);
}

TEST(PictureTensor, ValuesAreClampedAndBetweenMinusOneAndOne) {
  EXPECT_EQ(picture_from_tensor(at::full({3, 1, 1}, 7.0)).at<cv::Vec3b>(0), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(picture_from_tensor(at::full({3, 1, 1}, -7.0)).at<cv::Vec3b>(0), cv::Vec3b(0, 0, 0));
  const at::Tensor black = tensor_from_picture(cv::Mat(1, 1, CV_8UC3, cv::Scalar::all(0)));
  EXPECT_FLOAT_EQ(black.min().item<float>(), -1);
}

TEST(Pictures, OfFramesAndStillsShareTheirPixels) {
  const cv::Mat picture = testing::colourful_picture({12, 9}, 3);
  media::StillImage still = still_of(picture(cv::Rect(2, 1, 5, 4)));
  EXPECT_EQ(picture_of(still).size(), cv::Size(5, 4));
  picture_of(still).setTo(0);
  EXPECT_EQ(still.rgb.front(), 0);
  media::Frame frame;
  frame.pts = 7;
  set_picture(frame, picture);
  EXPECT_EQ(testing::largest_difference(picture_of(frame), picture), 0);
  EXPECT_EQ(frame.pts, 7);
}

}  // namespace
}  // namespace toonmirror::toon
