// The loss on a generator's picture that all house trainings share, and its adversarial finish.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <optional>

#include "nets/layers.h"
#include "training/losses.h"
#include "training/pair_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct PictureLossWeights {
  double l1 = 2.0;
  double gradient = 1.0;
  double perceptual = 1.0;
  double identity = 0.25;          // on a quarter of the samples
  double adversarial = 0.03;       // from `adversarial_from` on
  double adversarial_from = 0.65;  // share of the run
};

// Pixel, edge, perceptual and, from 128 px on, identity loss of `output` [N, 3, R, R] against the batch's
// targets (averaged down to R); identity is compared with the photo.
class PictureLoss {
 public:
  // nets_folder: squeezenet11_caffe and mobilefacenet128 as layer graphs; empty: pixels and edges alone are
  // compared. Throws Error when they are missing.
  PictureLoss(const std::filesystem::path& nets_folder, at::ScalarType type,
              const PictureLossWeights& weights);
  Loss operator()(const at::Tensor& output, const Batch& batch) const;

  const PictureLossWeights& weights() const { return weights_; }

 private:
  PictureLossWeights weights_;
  std::optional<PerceptualLoss> perceptual_;
  std::optional<IdentityNetwork> identity_;
};

// Judges overlapping patches of about 50 px of a 256 px picture: teacher's or generator's? (Isola et al.
// 2017, "Image-to- Image Translation with Conditional Adversarial Networks", section 3.2.2; least-squares
// form of Mao et al. 2017.)
class PatchCriticImpl : public torch::nn::Module {
 public:
  explicit PatchCriticImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& pictures);  // [N, channels, 256, 256] → [N, 1, 32, 32]

 private:
  std::vector<nets::ConvLayer> layers_;
};
TORCH_MODULE(PatchCritic);

// One critic per worker, and the pictures each worker's generator left for it.
class AdversarialFinish {
 public:
  // `sees_labels`: the critic is also shown what is where, so that it learns how each part of a face looks.
  AdversarialFinish(int64_t workers, at::ScalarType type, const PictureLossWeights& weights,
                    bool sees_labels = false);

  std::vector<Modules> modules();
  // A picture and the face classes in it, [N, 256, 256] int64.
  struct Shown {
    at::Tensor picture, labels;
  };
  // Adds the generator's share to `loss` once the run has come that far, and remembers output and target.
  void add_to(Loss& loss, const Shown& output, const Shown& target, const StepContext& context);
  Loss critic_loss(const StepContext& context);

 private:
  struct Seat {
    PatchCritic critic;
    at::Tensor output, target;  // as the critic sees them
  };
  at::Tensor view_of(const Shown& shown) const;

  std::vector<Seat> seats_;
  at::ScalarType type_;
  PictureLossWeights weights_;
  bool sees_labels_;
};

// Pictures [N, 3, R, R] averaged down to size_px.
at::Tensor at_size(const at::Tensor& pictures, int64_t size_px);

}  // namespace toonmirror::training
