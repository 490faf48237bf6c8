// Training of the house face model: encoder and generator together, as an auto-encoder whose bottleneck is
// W+, with likeness features that are dropped for most of the samples so that W+ alone keeps its meaning;
// then the mapping network, so that seeds sample faces.
#pragma once

#include <filesystem>
#include <string>

#include "nets/house_encoder.h"
#include "nets/stylegan2.h"
#include "training/latent_dropout.h"
#include "training/pair_pack.h"
#include "training/parted_loss.h"
#include "training/picture_loss.h"
#include "training/seed_player.h"
#include "training/training_run.h"

namespace toonmirror::training {

// The house architecture at 256 px: a generator of 5.1 GFLOP and an encoder of 1.0, with its parser 1.4 GFLOP
// (2 × multiply-adds).
nets::GeneratorOptions house_generator_options();
nets::HouseEncoderOptions house_encoder_options(const nets::GeneratorOptions& generator);

// Critics begin with blurred pictures: drawings of W+ alone have no fine detail at first, and critics would go
// by nothing else.
inline PictureLossWeights face_weights() {
  PictureLossWeights weights;
  weights.adversarial_blur = 0.1;
  return weights;
}

struct GeneratorTrainingOptions {
  RunOptions run;
  std::filesystem::path pairs;  // pack of photos
  std::filesystem::path nets;   // folder of the perceptual and identity networks
  // Folder of an earlier face.safetensors and encoder.safetensors to begin with; empty: from nothing. What
  // the house architecture has gained since then begins as in a new network.
  std::filesystem::path start;
  // The encoder's stages, likeness features and parser stay those of `start`: latents and generator learn, at
  // a third less per picture, and what was trained on the stages alone (train_parser) still fits.
  bool keep_stages = false;
  // All of the encoder stays that of `start`, latents included: the generator alone learns, and what was found
  // in these latents, such as directions, still fits.
  bool keep_encoder = false;
  std::string precision = "auto";  // auto, bf16, fp32
  // A share of the run learns pictures of 64 px, the next one of 128 px, the rest of 256 px: what W+ has to
  // learn first is in small pictures, at a fraction of the price.
  double quarter_size_share = 0.3;
  double half_size_share = 0.4;
  double parsing_weight = 0.2;  // cross-entropy of the parsing head
  double delta_weight = 0.002;  // mean square of the rows' deltas: keeps W+ near W, editable and blendable
  // How far W+ of a picture and of the same picture moved a little may be apart, in units of the latents' own
  // spread: what changes from frame to frame of a video must not be read as another face.
  double steadiness_weight = 0.1;
  LatentDropout dropout;
  PictureLossWeights weights = face_weights();
  WOnlyOptions w_only;
  SeedOptions seeds;
  // Critics look through the stages of `start`'s encoder as well, see CriticSight.
  bool face_critics = false;
  Augmentation augmentation;

  // Whether the result's mapping network is that of `start`, as it was or trained on. Otherwise it is one of
  // two layers of the house architecture and still has to be fitted to the new latents (fit_mapping).
  bool keeps_mapping() const { return keep_encoder || seeds.share > 0; }
  // Throws Error where a number is out of range or an option needs another.
  void check() const;
};

// The size in pixels of the pictures learned at `progress` in [0, 1].
int64_t training_size_px(const GeneratorTrainingOptions& options, double progress);

struct HouseModel {
  nets::Generator generator{nullptr};
  nets::HouseEncoder encoder{nullptr};
};

// Trains (or resumes) and returns the averaged weights. A sheet has four rows: held-out photos; their
// pictures with all features; from W+ alone; from W alone. With seeds there are two more: the same seeds on
// every sheet, at psi 1 and at psi 0.7. Throws Error as options.check() does, and when `start` holds another
// architecture.
HouseModel train_generator(const GeneratorTrainingOptions& options, RunHooks hooks,
                           const PictureWriter& write_picture);

// bf16 where the processor computes in it (AVX512_BF16, AMX), else float. Throws Error for an unknown name.
at::ScalarType training_type(const std::string& precision);

// Puts pictures [N, 3, H, W] of several rows into one sheet [3, rows · H, N · W].
at::Tensor tile_rows(const std::vector<at::Tensor>& rows);

}  // namespace toonmirror::training
