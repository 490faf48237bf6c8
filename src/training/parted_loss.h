// What the face model's drawings are judged by. Those that heard likeness features can be told to look like
// their photos pixel by pixel. Those of W+ alone cannot know where every hair is: compared so, what costs
// least is their blurred mean. So they may be compared loosely, and critics say whether they look like
// pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "training/critic_sight.h"
#include "training/picture_loss.h"

namespace toonmirror::training {

// How drawings of W+ alone are compared with photos.
struct WOnlyOptions {
  // Size in pixels to which both are averaged down for L1, without their edges; 0: all samples are compared
  // alike.
  int64_t l1_px = 0;
  double identity = 0.5;  // weight of the identity loss, on a quarter of these samples
};

// Those weights for drawings of W+ alone; with l1_px 0 as they are.
PictureLossWeights w_only_weights(PictureLossWeights weights, const WOnlyOptions& options);

inline constexpr int64_t kLeastCriticSize_px = 128;  // of pictures that critics judge

// Drawings beside a batch that critics alone judge. Nobody labelled them, so a parser says what is where; it
// then says so of photos too, or critics would learn to tell its ways from those of labels.
struct SeedPictures {
  at::Tensor output;         // [S, 3, R, R] of the generator; undefined: none
  at::Tensor classes;        // [S, 11, ·, ·], as CriticView::classes
  at::Tensor photo_classes;  // [N, 11, ·, ·] of the batch's photos
};

class PartedLoss {
 public:
  // nets_folder as for PictureLoss. `face`: as for CriticSight. Critics judge drawings of W+ alone where
  // those are compared loosely, else all.
  PartedLoss(const std::filesystem::path& nets_folder, at::ScalarType type, const PictureLossWeights& weights,
             const WOnlyOptions& w_only, const nets::HouseEncoder& face, int64_t workers);

  // Whether drawings of W+ alone are compared otherwise.
  bool parts() const { return loose_.has_value(); }
  // Whether critics have anything to judge in such a batch.
  bool critics_play(int64_t size_px, int64_t w_only, double progress) const;

  // Of drawings [N, 3, R, R] of the batch's photos, the first `w_only` of which are of W+ alone: the mean
  // over samples of both parts' losses, a part without samples left out. Figures of W+ alone are named
  // "w-only …". Seeds are judged only when critics_play().
  Loss operator()(const at::Tensor& output, const Batch& batch, int64_t w_only, const SeedPictures& seeds,
                  const StepContext& context);
  Loss critic_loss(const StepContext& context) { return adversary_.critic_loss(context); }
  std::vector<Modules> critics() { return adversary_.modules(); }

 private:
  // Of the part that critics judge when they play.
  Loss judged(const at::Tensor& output, const Batch& batch, const SeedPictures& seeds,
              const StepContext& context);

  PictureLoss close_;
  std::optional<PictureLoss> loose_;
  CriticSight sight_;
  Adversary adversary_;
};

// `count` samples of a batch from `first` on.
Batch part_of(const Batch& batch, int64_t first, int64_t count);

}  // namespace toonmirror::training
