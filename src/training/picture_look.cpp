#include "training/picture_look.h"

#include <algorithm>

#include "training/losses.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kContentSize_px = 64;
constexpr size_t kPalettePictures = 256;
constexpr double kColourWeight = 4.0;

// Colours and fine texture taken away: [N, 3, R, R] of one grey at kContentSize_px.
at::Tensor content_of(const at::Tensor& pictures) {
  const at::Tensor weights = at::tensor({0.299f, 0.587f, 0.114f}).view({1, 3, 1, 1});
  return (at_size(pictures, kContentSize_px) * weights).sum(1, /*keepdim=*/true).expand({-1, 3, -1, -1});
}

// How light a part is may change; where its edges are may not. There is no picture of the person to compare
// with but the photo.
PictureLossWeights without_tones(PictureLossWeights weights) {
  weights.l1 = 0;
  weights.identity = std::max(weights.identity, weights.target_identity);
  weights.target_identity = 0;
  return weights;
}

}  // namespace

PictureLook::PictureLook(const std::filesystem::path& pictures, const std::filesystem::path& nets,
                         at::ScalarType type, const PictureLossWeights& weights, double content,
                         const Augmentation& augmentation)
    : pack_(pictures),
      augmentation_(augmentation),
      content_weight_(content),
      content_(nets, type, without_tones(weights)) {
  const at::NoGradGuard no_grad;
  const std::vector<int64_t>& rows = pack_.training_rows();
  std::vector<int64_t> some;
  for (size_t i = 0; i < kPalettePictures && i < rows.size(); ++i) {
    some.push_back(rows[i * rows.size() / std::min(kPalettePictures, rows.size())]);
  }
  const Batch batch = pack_.batch(some);
  palette_ = region_colours(batch.photo, batch.labels);
}

Loss PictureLook::loss(const at::Tensor& output, const Batch& batch, std::mt19937_64& random) const {
  Batch content = batch;
  content.target = content_of(batch.input);
  Loss loss = content_(content_of(output), content, random);
  const at::Tensor colours = colour_distance(region_colours(output, batch.target_labels), palette_);
  loss.total = loss.total * content_weight_ + colours * kColourWeight;
  loss.figures["colours"] = colours.item<double>();
  return loss;
}

Batch PictureLook::draw(int64_t count, std::mt19937_64& random) const {
  return pack_.random_batch(count, augmentation_, random);
}

}  // namespace toonmirror::training
