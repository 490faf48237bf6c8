#include "face/thin_edges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace toonmirror::face {
namespace {

// Dark, then from `edge_x` on light, then from `edge_x` + `width` on dark again.
cv::Mat bar(int edge_x, int width) {
  cv::Mat picture(48, 64, CV_8UC3, cv::Scalar(40, 60, 80));
  picture.colRange(edge_x, edge_x + width).setTo(cv::Scalar(200, 180, 160));
  return picture;
}

cv::Mat enlarged(const cv::Mat& picture, double scale) {
  cv::Mat result;
  cv::resize(picture, result, {}, scale, scale, cv::INTER_CUBIC);
  return result;
}

// Of a middle row: how much of it lies between dark and light.
double breadth_of_edges(const cv::Mat& picture) {
  double sum = 0;
  for (int x = 0; x < picture.cols; ++x) {
    const double share = std::clamp((picture.at<cv::Vec3b>(picture.rows / 2, x)[0] - 40.0) / 160.0, 0.0, 1.0);
    sum += share * (1 - share);
  }
  return sum;
}

double centre_of_light(const cv::Mat& picture) {
  double sum = 0, total = 0;
  for (int x = 0; x < picture.cols; ++x) {
    const double weight = picture.at<cv::Vec3b>(picture.rows / 2, x)[0] - 40.0;
    sum += weight * x;
    total += weight;
  }
  return sum / total;
}

TEST(ThinEdges, NarrowsEdgesAndKeepsTheirPlaces) {
  for (const double scale : {1.5, 2.0, 3.0}) {
    for (const int width : {2, 20}) {
      const cv::Mat before = enlarged(bar(22, width), scale);
      const cv::Mat after = thin_edges(before, scale);
      EXPECT_LT(breadth_of_edges(after), 0.75 * breadth_of_edges(before)) << scale << " " << width;
      EXPECT_NEAR(centre_of_light(after), centre_of_light(before), 0.15 * scale) << scale << " " << width;
    }
  }
}

TEST(ThinEdges, UsesOnlyColoursThatAreThere) {
  const cv::Mat before = enlarged(bar(22, 9), 2);
  double least = 0, greatest = 0, least_after = 0, greatest_after = 0;
  cv::minMaxLoc(before.reshape(1), &least, &greatest);
  cv::minMaxLoc(thin_edges(before, 2).reshape(1), &least_after, &greatest_after);
  EXPECT_GE(least_after, least);
  EXPECT_LE(greatest_after, greatest);
}

TEST(ThinEdges, KeepsAreasWithoutEdges) {
  const cv::Mat before = enlarged(bar(22, 20), 2);
  const cv::Mat after = thin_edges(before, 2);
  const cv::Rect far(0, 0, 32, before.rows);  // six pixels of the drawing away from the edge
  EXPECT_EQ(cv::norm(before(far), after(far), cv::NORM_INF), 0);
}

TEST(ThinEdges, LeavesWhatIsNotEnlargedAlone) {
  const cv::Mat picture = bar(22, 9);
  EXPECT_EQ(thin_edges(picture, 1).data, picture.data);
}

}  // namespace
}  // namespace toonmirror::face
