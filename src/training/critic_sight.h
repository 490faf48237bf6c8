// How critics look at pictures: blurred at first, and through more networks than the losses compute anyway.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "nets/house_encoder.h"
#include "training/critics.h"
#include "training/picture_loss.h"

namespace toonmirror::training {

// Gaussian blur of pictures [N, C, H, W], separable, mirrored at the borders. Below kLeastBlur_px, and in
// pictures too small for it, the pictures themselves.
at::Tensor blurred(const at::Tensor& pictures, double sigma_px);
inline constexpr double kLeastBlur_px = 0.1;

// Standard deviation of the blur through which critics look at `progress` in [0, 1] of a run: from 2 px when
// they begin, falling to 0 over weights.adversarial_blur of the run (as in Karras et al. 2021, "Alias-Free
// Generative Adversarial Networks", and Sauer et al. 2022, "StyleGAN-XL"). Critics on features see fine
// detail from their first step, when drawings have none; generators whose blocks each add to the picture, as
// ours, then collapse (autonomousvision/stylegan-xl, issue 65).
double blurred_sight_px(const PictureLossWeights& weights, double progress);

class CriticSight {
 public:
  // Through the perceptual network of `loss`, where it has one, and the stages of `face`, of frozen_copy(),
  // unless that is null: it knows faces, and a network trained on objects puts up with faces whose parts are
  // wrong. It must not be prepared for inference: drawings, seen with gradients, and photos would be computed
  // differently, and critics go by anything.
  CriticSight(const PictureLoss& loss, const nets::HouseEncoder& face, at::ScalarType type);

  // What critics can look at so.
  std::vector<CriticSlice> slices() const;

  // Views of drawings and of the pictures they are to look like, both [N, 3, R, R] with R up to 256 and of
  // the same labels [N, 256, 256]; lighter or darker by chance, alike. Gradients reach `drawn`.
  PictureViews look(const at::Tensor& drawn, const at::Tensor& wanted, const at::Tensor& labels,
                    double blur_px, std::mt19937_64& random) const;
  // A view of pictures alone; classes [N, 11, ·, ·] as in CriticView.
  CriticView look(const at::Tensor& pictures, const at::Tensor& classes, double blur_px,
                  std::mt19937_64& random) const;
  // Adds to what PictureLoss left what it has no use for.
  void complete(PictureViews& views) const;

 private:
  CriticView seen(const at::Tensor& pictures, const at::Tensor& classes, const Light& light,
                  double blur_px) const;
  void add_stages(CriticView& view) const;

  std::optional<PerceptualLoss> perceptual_;
  nets::HouseEncoder face_;
  at::ScalarType type_;
};

}  // namespace toonmirror::training
