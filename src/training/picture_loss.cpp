#include "training/picture_loss.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kLeastIdentitySize_px = 128;
constexpr int64_t kPieceSize_px = 256;  // the largest picture that the networks see

// What a piece is centred on, in pixels of a 256 px picture; none: it may lie anywhere.
std::optional<std::array<double, 2>> draw_centre(const at::Tensor& landmarks, const at::Tensor& labels,
                                                 std::mt19937_64& random) {
  constexpr int64_t kFirstBrow = 17, kFirstNose = 27, kFirstEye = 36, kLandmarks = 68;
  std::uniform_int_distribution<int> kind(0, 3);
  const int chosen = kind(random);
  if (chosen == 0) return std::nullopt;
  if (chosen == 1) {
    const at::Tensor hair = (labels == static_cast<int64_t>(nets::FaceClass::kHair)).nonzero();
    if (hair.size(0) == 0) return std::nullopt;
    const at::Tensor place = hair[std::uniform_int_distribution<int64_t>(0, hair.size(0) - 1)(random)];
    return {{place[1].item<double>(), place[0].item<double>()}};
  }
  int64_t point = 0;
  do {
    point = std::uniform_int_distribution<int64_t>(kFirstBrow, kLandmarks - 1)(random);
  } while (point >= kFirstNose && point < kFirstEye);
  return {{landmarks[point][0].item<double>(), landmarks[point][1].item<double>()}};
}

}  // namespace

Light draw_light(int64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<float> symmetric(-0.2f, 0.2f);
  Light light = {at::empty({count, 1, 1, 1}), at::empty({count, 1, 1, 1})};
  for (int64_t n = 0; n < count; ++n) {
    light.gain[n] = 1.0f + symmetric(random);
    light.offset[n] = symmetric(random);
  }
  return light;
}

at::Tensor relit(const at::Tensor& pictures, const Light& light) {
  return pictures * light.gain + light.offset;
}

std::vector<std::array<int64_t, 2>> draw_pieces(const at::Tensor& landmarks, const at::Tensor& labels,
                                                int64_t whole_px, int64_t size_px, std::mt19937_64& random) {
  const int64_t last = whole_px - size_px;
  const double scale = static_cast<double>(whole_px) / static_cast<double>(labels.size(2));
  std::uniform_int_distribution<int64_t> anywhere(0, last);
  std::vector<std::array<int64_t, 2>> corners;
  for (int64_t n = 0; n < labels.size(0); ++n) {
    const auto centre = draw_centre(landmarks[n], labels[n], random);
    std::array<int64_t, 2>& corner = corners.emplace_back();
    for (size_t axis = 0; axis < 2; ++axis) {
      const int64_t random_place = anywhere(random);
      corner[axis] = centre
                         ? std::clamp<int64_t>(std::llround((*centre)[axis] * scale) - size_px / 2, 0, last)
                         : random_place;
    }
  }
  return corners;
}

at::Tensor cut(const at::Tensor& pictures, const std::vector<std::array<int64_t, 2>>& corners,
               int64_t size_px) {
  std::vector<at::Tensor> pieces;
  for (size_t n = 0; n < corners.size(); ++n) {
    pieces.push_back(pictures[static_cast<int64_t>(n)]
                         .narrow(1, corners[n][1], size_px)
                         .narrow(2, corners[n][0], size_px));
  }
  return at::stack(pieces).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor at_size(const at::Tensor& pictures, int64_t size_px) {
  return pictures.size(2) == size_px ? pictures : at::adaptive_avg_pool2d(pictures, {size_px, size_px});
}

PictureLoss::PictureLoss(const std::filesystem::path& nets_folder, at::ScalarType type,
                         const PictureLossWeights& weights)
    : weights_(weights) {
  if (nets_folder.empty()) return;
  perceptual_.emplace(nets_folder, type);
  identity_.emplace(nets_folder);
}

at::Tensor PictureLoss::perceptual(const at::Tensor& output, const at::Tensor& target,
                                   const at::Tensor& regions, const Batch& batch, std::mt19937_64& random,
                                   PictureViews* views) const {
  const bool piecewise = output.size(2) > kPieceSize_px;
  const int64_t count = piecewise ? (output.size(0) + 1) / 2 : output.size(0);
  at::Tensor drawn = output, wanted = target, weights = regions, labels = batch.target_labels;
  at::Tensor whole;
  if (piecewise) {
    if (perceptual_) {
      whole = (*perceptual_)(at_size(output, kPieceSize_px), at_size(target, kPieceSize_px),
                             at_size(regions, kPieceSize_px));
    }
    const int64_t shrinkage = output.size(2) / labels.size(2);
    labels = labels.narrow(0, 0, count);
    auto corners =
        draw_pieces(batch.landmarks.narrow(0, 0, count), labels, output.size(2), kPieceSize_px, random);
    for (at::Tensor* pictures : {&drawn, &wanted, &weights}) {
      *pictures = cut(pictures->narrow(0, 0, count), corners, kPieceSize_px);
    }
    for (auto& [x, y] : corners) {
      x /= shrinkage;
      y /= shrinkage;
    }
    labels = cut(labels.unsqueeze(1), corners, kPieceSize_px / shrinkage).squeeze(1);
  }
  if (views) {
    const Light light = draw_light(count, random);
    drawn = relit(drawn, light);
    wanted = relit(wanted, light);
    *views = {{drawn, {}, class_shares(labels)}, {wanted, {}, {}}};
    views->wanted.classes = views->drawn.classes;
  }
  if (!perceptual_) return {};
  std::vector<at::Tensor> expected;
  {
    const at::NoGradGuard no_grad;
    expected = perceptual_->features(wanted);
  }
  const std::vector<at::Tensor> actual = perceptual_->features(drawn);
  if (views) {
    views->drawn.features = actual;
    views->wanted.features = expected;
  }
  const at::Tensor near = PerceptualLoss::distance(actual, expected, weights);
  return piecewise ? 0.5 * (whole + near) : near;
}

Loss PictureLoss::of_pixels(const at::Tensor& output, const at::Tensor& target,
                            const at::Tensor& regions) const {
  const int64_t size_px = output.size(2);
  const int64_t l1_px = weights_.l1_px > 0 ? std::min(weights_.l1_px, size_px) : size_px;
  const at::Tensor l1 = weighted_l1(at_size(output, l1_px), at_size(target, l1_px), at_size(regions, l1_px));
  Loss loss = {weights_.l1 * l1, {{"l1", l1.item<double>()}}};
  if (weights_.gradient > 0) {
    const at::Tensor edges = gradient_l1(output, target, regions);
    loss.total = loss.total + weights_.gradient * edges;
    loss.figures["edges"] = edges.item<double>();
  }
  return loss;
}

Loss PictureLoss::operator()(const at::Tensor& output, const Batch& batch, std::mt19937_64& random,
                             PictureViews* views) const {
  const int64_t size_px = output.size(2);
  const at::Tensor target = at_size(batch.target, size_px);
  const at::Tensor regions = region_weights(batch.target_labels, size_px, weights_.regions);
  Loss loss = of_pixels(output, target, regions);
  const at::Tensor look = perceptual(output, target, regions, batch, random, views);
  if (!perceptual_) return loss;
  loss.total = loss.total + weights_.perceptual * look;
  loss.figures["perceptual"] = look.item<double>();
  // A face of 64 px has too little of what the identity network looks at to pay for its verdict.
  if (size_px >= kLeastIdentitySize_px) add_identity(loss, output, batch);
  return loss;
}

void PictureLoss::add_identity(Loss& loss, const at::Tensor& output, const Batch& batch) const {
  // The identity network costs as much as the generator, so only some samples pay for it.
  const int64_t few = (output.size(0) + 3) / 4;
  const at::Tensor landmarks = batch.landmarks.narrow(0, 0, few);
  const auto embed = [&](const at::Tensor& pictures) {
    return identity_->embed(at_size(pictures.narrow(0, 0, few), std::min(pictures.size(2), kPieceSize_px)),
                            landmarks);
  };
  const std::array<std::tuple<const char*, double, const at::Tensor*>, 2> comparisons = {
      {{"identity", weights_.identity, &batch.photo},
       {"identity to target", weights_.target_identity, &batch.target}}};
  at::Tensor drawn;
  for (const auto& [name, weight, other] : comparisons) {
    if (weight <= 0) continue;
    if (!drawn.defined()) drawn = embed(output);
    at::Tensor person;
    {
      const at::NoGradGuard no_grad;
      person = embed(*other);
    }
    const at::Tensor similarity = (drawn * person).sum(1).mean();
    loss.total = loss.total + weight * (1.0 - similarity);
    loss.figures[name] = similarity.item<double>();
  }
}

CriticView PictureLoss::view_of(const at::Tensor& pictures, const at::Tensor& labels,
                                std::mt19937_64& random) const {
  const at::Tensor seen = relit(at_size(pictures, std::min(pictures.size(2), kPieceSize_px)),
                                draw_light(pictures.size(0), random));
  return {seen, perceptual_ ? perceptual_->features(seen) : std::vector<at::Tensor>{}, class_shares(labels)};
}

Adversary PictureLoss::adversary(int64_t workers) const {
  return Adversary(workers, {weights_.adversarial, weights_.adversarial_from,
                             perceptual_ ? perceptual_slices() : std::vector<CriticSlice>{}});
}

PictureLoss PictureLoss::with(const PictureLossWeights& weights) const {
  PictureLoss result = *this;
  result.weights_ = weights;
  return result;
}

}  // namespace toonmirror::training
