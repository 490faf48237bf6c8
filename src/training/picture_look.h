// Learning the look of pictures that belong to no photo: their regions' colours, a critic's verdict, and what
// stays of a photo in a drawing of any style.
#pragma once

#include <filesystem>
#include <random>

#include "training/losses.h"
#include "training/pair_pack.h"
#include "training/picture_loss.h"
#include "training/training_run.h"

namespace toonmirror::training {

class PictureLook {
 public:
  // `pictures`: a pack of them; `weights`: how a drawing is held to its photo; `content`: a factor on them.
  PictureLook(const std::filesystem::path& pictures, const std::filesystem::path& nets, at::ScalarType type,
              const PictureLossWeights& weights, double content, const Augmentation& augmentation);

  const PairPack& pack() const { return pack_; }

  // Of drawings [N, 3, S, S] of the batch's photos.
  Loss loss(const at::Tensor& output, const Batch& batch, std::mt19937_64& random) const;

  // Some of the pictures.
  Batch draw(int64_t count, std::mt19937_64& random) const;

 private:
  PairPack pack_;
  Augmentation augmentation_;
  double content_weight_;
  PictureLoss content_;
  RegionColours palette_;
};

}  // namespace toonmirror::training
