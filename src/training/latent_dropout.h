// Thinning out what the encoder says of photos in training, so that W+ alone keeps its meaning: with all
// likeness features there W+ would have nothing to say.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "nets/house_encoder.h"

namespace toonmirror::training {

// How the encoder's output is thinned out for training. Which samples keep what is drawn per sample.
struct LatentDropout {
  double all_features = 0.7;   // share of samples that lose all likeness features
  double deltas = 0.25;        // share of those that lose the rows' deltas too: plain W
  double fine_features = 0.4;  // share of the others that keep only the features up to 32 px
};

// What one sample keeps, as factors.
struct Thinning {
  double deltas = 1.0;  // of the rows' deltas: 0 or 1
  double coarse = 1.0;  // of the likeness features up to 32 px: 0 … 1
  double fine = 1.0;    // of finer ones: 0 or the same as of the coarse ones
  bool w_only = false;  // has to do without likeness features
};

std::vector<Thinning> draw_thinnings(int64_t count, const LatentDropout& dropout, std::mt19937_64& random);

// Brings those that do without likeness features to the front, so that a batch has two parts that are each
// one piece. Returns how many they are. Which sample of a batch gets which thinning is a matter of chance.
int64_t w_only_first(std::vector<Thinning>& thinnings);

struct ThinnedLatents {
  at::Tensor ws;  // [N, latent_count, w_dim]
  nets::LikenessFeatures features;
};

// One thinning for each of the N samples of `code`.
ThinnedLatents thin_out(const nets::HouseEncoding& code, const std::vector<Thinning>& thinnings);
// The same with thinnings drawn for it.
ThinnedLatents thin_out(const nets::HouseEncoding& code, const LatentDropout& dropout,
                        std::mt19937_64& random);

}  // namespace toonmirror::training
