#include "teachers/drawing.h"

#include <array>
#include <opencv2/imgproc.hpp>

#include "teachers/filters.h"

namespace toonmirror::teachers {

Drawing undrawn(const FaceDrawingInput& input, const cv::Mat& picture) {
  cv::Mat labels;
  cv::resize(input.labels, labels, {kInputSize_px, kInputSize_px}, 0, 0, cv::INTER_NEAREST);
  return {resized(input.photo, kInputSize_px), picture, labels};
}

cv::Mat labels11_from_celeba20(const cv::Mat& labels) {
  using face::Label;
  // In the order of CelebAMask-HQ: background, skin, two brows, two eyes, glasses, two ears, earring, nose,
  // mouth, two lips, neck, necklace, cloth, hair, hat; then the iris.
  constexpr std::array<Label, 20> kMerged = {Label::kBackground, Label::kSkin, Label::kBrow,    Label::kBrow,
                                             Label::kEye,        Label::kEye,  Label::kGlasses, Label::kSkin,
                                             Label::kSkin,       Label::kSkin, Label::kSkin,    Label::kMouth,
                                             Label::kLips,       Label::kLips, Label::kSkin,    Label::kCloth,
                                             Label::kCloth,      Label::kHair, Label::kHat,     Label::kIris};
  cv::Mat table = cv::Mat::zeros(1, 256, CV_8U);
  for (size_t i = 0; i < kMerged.size(); ++i)
    table.at<uint8_t>(static_cast<int>(i)) = static_cast<uint8_t>(kMerged[i]);
  cv::Mat result;
  cv::LUT(labels, table, result);
  return result;
}

}  // namespace toonmirror::teachers
