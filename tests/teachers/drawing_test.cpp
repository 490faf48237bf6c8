#include "teachers/drawing.h"

#include <gtest/gtest.h>

namespace toonmirror::teachers {
namespace {

TEST(MergedLabels, PutWhatBelongsTogetherIntoOneClass) {
  cv::Mat labels(1, 21, CV_8U);
  for (int i = 0; i < 21; ++i) labels.at<uint8_t>(i) = static_cast<uint8_t>(i == 20 ? 255 : i);
  const cv::Mat merged = labels11_from_celeba20(labels);
  const auto at = [&merged](int i) { return static_cast<face::Label>(merged.at<uint8_t>(i)); };
  EXPECT_EQ(at(2), at(3));    // brows
  EXPECT_EQ(at(12), at(13));  // lips
  EXPECT_EQ(at(1), at(10));   // the nose is skin
  EXPECT_EQ(at(7), face::Label::kSkin);
  EXPECT_EQ(at(17), face::Label::kHair);
  EXPECT_EQ(at(19), face::Label::kIris);
  EXPECT_EQ(at(20), face::Label::kBackground);  // a value that does not exist
}

}  // namespace
}  // namespace toonmirror::teachers
