// Critics that tell drawings from the pictures they are to look like, on features of a network that stays as
// it is (Sauer et al. 2021, "Projected GANs Converge Faster"; Kumari et al. 2022, "Ensembling Off-the-shelf
// Models for GAN Training"): what took a critic of its own thousands of pictures to see is there from the
// first step. They are told what is where, so that they learn how each part of a face looks; features of a
// network trained on objects alone put up with faces whose parts are wrong.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <string>
#include <vector>

#include "nets/layers.h"
#include "training/training_run.h"

namespace toonmirror::training {

// What critics see of some pictures.
struct CriticView {
  at::Tensor picture;  // [N, 3, R, R] in [-1, 1]
  // Of networks that stay as they are: PerceptualLoss's five, from the finest to the coarsest, and what else
  // CriticSight adds; empty: none.
  std::vector<at::Tensor> features;
  at::Tensor classes;  // [N, 11, S, S] float: the share of each face class in each place

  CriticView detached() const;
};

// The pictures of `a`, then those of `b`; both are of one size and have the same kinds of features. Classes
// are averaged down to the coarser of the two.
CriticView joined(const CriticView& a, const CriticView& b);

// The share of each class in each place, from labels [N, S, S].
at::Tensor class_shares(const at::Tensor& labels);

// Features that have a critic.
struct CriticSlice {
  std::string name;      // begins those of its layers
  size_t index = 0;      // in CriticView::features
  int64_t channels = 0;  // the features have
  int64_t reduced = 0;   // the critic's first layer makes of them and the classes
  int64_t stride = 1;    // of the next layer: 2 where places are many and alike
};

// Of the features of PerceptualLoss.
std::vector<CriticSlice> perceptual_slices();

// One critic per slice and one on the pixels. Verdicts are one number per place: above 0 for pictures, below
// for drawings.
class CriticsImpl : public torch::nn::Module {
 public:
  // Without slices: on pixels alone.
  explicit CriticsImpl(const std::vector<CriticSlice>& slices);
  // [N, 1, ·, ·] float each.
  std::vector<at::Tensor> forward(const CriticView& view);
  // The pixels' alone; may be differentiated twice.
  at::Tensor on_pixels(const CriticView& view);

 private:
  struct Head {
    size_t index;
    nets::ConvLayer reduce{nullptr}, look{nullptr}, verdict{nullptr};
  };
  std::vector<Head> heads_;
  std::vector<nets::ConvLayer> pixels_;
};
TORCH_MODULE(Critics);

// Drawings that belong to no photo, see Adversary::judged().
struct SeedDrawings {
  at::Tensor output;   // [S, 3, R, R] of the generator; undefined: none
  at::Tensor picture;  // a leaf of its own with the same values
  CriticView view;     // of `picture`
};

// One set of critics per worker, and what each worker's generator left for it.
class Adversary {
 public:
  struct Options {
    double weight =
        0;  // norm of the critics' gradient at the picture, of that of the other losses there; 0: none
    double from = 0;                       // share of the run after which they play
    std::vector<CriticSlice> slices = {};  // what they look at besides pixels
  };
  Adversary(int64_t workers, const Options& options);

  std::vector<Modules> modules();
  bool plays_at(double progress) const { return options_.weight > 0 && progress >= options_.from; }

  // `loss` is of `picture`, a leaf of its own with the values of the generator's `output`; the result's
  // gradient at `output` is that of `loss` and, once critics play, theirs, scaled to a share of its norm:
  // whatever the critics' verdict is worth, it can neither drown the rest nor be drowned (after Esser et al.
  // 2021, "Taming Transformers for High-Resolution Image Synthesis", equation 7). `drawn` is the view of
  // `picture`; `wanted` that of pictures as they should look.
  //
  // `seeds` have no other loss whose share the critics' could be: each is pulled as strongly as a drawing of
  // `picture` is by the critics. With N drawings and S seeds the norm of all seeds' gradient is made √(S / N)
  // of that of the critics' gradient at all drawings, so that the mean square of the pictures' norms agrees.
  // Critics then learn from seeds and drawings alike.
  Loss judged(Loss loss, const at::Tensor& picture, const at::Tensor& output, const CriticView& drawn,
              const CriticView& wanted, const StepContext& context, const SeedDrawings& seeds = {});
  // On what the worker's last call of judged() saw: hinge loss (Lim and Ye 2017, "Geometric GAN"), and now
  // and then the pixels' gradient penalty (R1, Mescheder et al. 2018; lazy, Karras et al. 2020).
  Loss critic_loss(const StepContext& context);

 private:
  struct Seat {
    Critics critics{nullptr};
    CriticView drawn, wanted;
    int64_t games = 0;
  };
  Options options_;
  std::vector<Seat> seats_;
};

}  // namespace toonmirror::training
