#include "teachers/drawing.h"

#include <array>

namespace toonmirror::teachers {

cv::Mat labels11_from_celeba20(const cv::Mat& labels) {
  using face::Label;
  // In the order of CelebAMask-HQ: background, skin, two brows, two eyes, glasses, two ears, earring, nose,
  // mouth, two lips, neck, necklace, cloth, hair, hat; then the iris.
  constexpr std::array<Label, 20> kMerged = {
      Label::background, Label::skin,  Label::brow,  Label::brow, Label::eye,   Label::eye,  Label::glasses,
      Label::skin,       Label::skin,  Label::skin,  Label::skin, Label::mouth, Label::lips, Label::lips,
      Label::skin,       Label::cloth, Label::cloth, Label::hair, Label::hat,   Label::iris};
  cv::Mat table = cv::Mat::zeros(1, 256, CV_8U);
  for (size_t i = 0; i < kMerged.size(); ++i)
    table.at<uint8_t>(static_cast<int>(i)) = static_cast<uint8_t>(kMerged[i]);
  cv::Mat result;
  cv::LUT(labels, table, result);
  return result;
}

}  // namespace toonmirror::teachers
