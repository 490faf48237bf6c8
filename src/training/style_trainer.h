// Training of a style: a copy of the face generator (the parent) is fine-tuned on a teacher's pictures, so
// that parent and child can be blended layer by layer. The encoder stays as it is.
#pragma once

#include <filesystem>
#include <string>

#include "training/generator_trainer.h"

namespace toonmirror::training {

// What tells a drawing from its teacher's: the likeness to the teacher's picture counts and not that to the
// photo, and what people look at counts more.
inline PictureLossWeights style_weights() {
  PictureLossWeights weights;
  weights.identity = 0;
  weights.target_identity = 0.25;
  weights.regions = {0.4f, 1.0f, 5.0f, 6.0f, 6.0f, 3.0f, 4.0f, 4.0f, 2.5f, 1.0f, 0.8f};
  return weights;
}

struct StyleTrainingOptions {
  RunOptions run;
  std::filesystem::path pairs;  // pack of photos and the teacher's pictures
  // Pack of pictures whose look is learned instead, without pairs: a critic tells drawings from them, and
  // the photo is held to in grey and at 64 px alone. Empty: `pairs` has the teacher's pictures.
  std::filesystem::path pictures;
  double content = 1.0;             // how much it is held to, as a factor on the weights
  std::filesystem::path nets;       // folder of the perceptual and identity networks
  std::filesystem::path generator;  // the parent
  std::filesystem::path encoder;
  // Both or neither: the style as a child of an earlier parent. What it had learned, the difference of their
  // weights, is added to the present parent's and training goes on from there (Ilharco et al. 2023, "Editing
  // Models with Task Arithmetic"): a new parent of the same lineage costs its children minutes.
  std::filesystem::path earlier_child, earlier_generator;
  // The encoder of that time when its latents are others: affine layers are then translated into the present
  // ones (latent_translation.h).
  std::filesystem::path earlier_encoder;
  // A child of the same parent to begin with, instead of the parent itself: one of smaller pictures, or with
  // other layers of its own, will do. Layers that it lacks or that stay the parent's are the parent's.
  std::filesystem::path start;
  std::string precision = "auto";
  // First share of the run, which learns pictures of half the generator's size: the look first, at a fraction
  // of the price, then its sharpness. Every fourth step of the rest draws half the size too where that is 256 px
  // or more, at which small faces are drawn.
  double half_size_share = 0;
  // Layers up to this resolution stay the parent's: where things are is theirs to say, and the child need not
  // hold them.
  int64_t parent_layers_px = 0;
  // The child hears likeness features up to this resolution only. Where it is to change shapes by itself (a
  // pack without inputs of their own), features finer than 32 px leave too few layers to move or enlarge
  // anything.
  int64_t finest_features_px = 64;
  LatentDropout dropout = {.all_features = 0.35, .deltas = 0.3, .fine_features = 0};
  // The share of samples without features begins with `first_w_only`, where that is less, and has risen to
  // dropout.all_features after `w_only_rise` of the run: the look is learned where it is easy to learn.
  double first_w_only = 0.05;
  double w_only_rise = 0.5;
  PictureLossWeights weights = style_weights();
  Augmentation augmentation;
};

// The dropout at `progress` in [0, 1].
LatentDropout dropout_at(const StyleTrainingOptions& options, double progress);

// Trains (or resumes) and returns the child with averaged weights. A sheet has five rows: what the encoder
// sees of held-out photos; the teacher's pictures (or some of those whose look is learned); the child's with
// all features; from W+ alone; and the parent's low layers (to 32 px) below the child's.
nets::Generator train_style(const StyleTrainingOptions& options, RunHooks hooks,
                            const PictureWriter& write_picture);

// How much of the person is left, by cosine of identity embeddings.
struct IdentityFigures {
  double mean = 0, p10 = 0;
};

struct StyleFigures {
  int64_t faces = 0;
  IdentityFigures photo_to_output, photo_to_target, output_to_target;
  double l1 = 0;          // unweighted, 0 … 1 range
  double perceptual = 0;  // as PerceptualLoss
};

// On the held-out pairs of a pack, with likeness features scaled by `likeness`.
StyleFigures evaluate_style(const PairPack& pack, const std::filesystem::path& nets,
                            nets::Generator& generator, nets::HouseEncoder& encoder, double likeness);

}  // namespace toonmirror::training
