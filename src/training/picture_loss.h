// The loss on a generator's picture that all house trainings share.
#pragma once

#include <torch/torch.h>

#include <array>
#include <filesystem>
#include <optional>
#include <random>
#include <vector>

#include "training/critics.h"
#include "training/losses.h"
#include "training/pair_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct PictureLossWeights {
  double l1 = 2.0;
  int64_t l1_px = 0;      // pixels are compared in pictures averaged down to this size; 0: as they are
  double gradient = 1.0;  // 0: edges are not compared
  double perceptual = 1.0;
  double identity = 0.25;          // to the photo, on a quarter of the samples, rounded up
  double target_identity = 0;      // to the target, where that is another picture of the person; the same
  double adversarial = 0.3;        // the critics' share, see Adversary; from `adversarial_from` on
  double adversarial_from = 0.65;  // share of the run
  double adversarial_blur = 0;     // share of the run over which blurred_sight_px() fades; 0: critics see all
  RegionWeights regions = kPhotoRegionWeights;
};

// What a loss saw of the drawings and of what they are to look like.
struct PictureViews {
  CriticView drawn, wanted;
};

// Contrast and brightness of each picture, [N, 1, 1, 1], by chance: critics are not to go by either.
struct Light {
  at::Tensor gain, offset;
};
Light draw_light(int64_t count, std::mt19937_64& random);
at::Tensor relit(const at::Tensor& pictures, const Light& light);

// Pixel, edge, perceptual and, from 128 px on, identity loss of `output` [N, 3, R, R] against the batch's
// targets (averaged down to R). Pictures of more than 256 px are compared whole in their pixels and edges;
// the networks, whose cost grows with the area, see them averaged down to 256 px, and the perceptual one also
// a piece of 256 px as it is, of every other sample.
class PictureLoss {
 public:
  // nets_folder: squeezenet11_caffe and mobilefacenet128 as layer graphs; empty: pixels and edges alone are
  // compared. Throws Error when they are missing.
  PictureLoss(const std::filesystem::path& nets_folder, at::ScalarType type,
              const PictureLossWeights& weights);
  // What it saw of both is left in `views`, unless that is null: critics look at the same features, at no
  // further cost. Both are then lighter or darker and of more or less contrast by chance, alike, so that
  // critics do not go by that.
  Loss operator()(const at::Tensor& output, const Batch& batch, std::mt19937_64& random,
                  PictureViews* views = nullptr) const;

  // A view of any pictures, for critics of drawings that have no picture of their own to be compared with.
  CriticView view_of(const at::Tensor& pictures, const at::Tensor& labels, std::mt19937_64& random) const;
  Adversary adversary(int64_t workers) const;

  const PictureLossWeights& weights() const { return weights_; }
  // The same networks with other weights.
  PictureLoss with(const PictureLossWeights& weights) const;
  // Absent without a folder of networks.
  const std::optional<PerceptualLoss>& perceptual_network() const { return perceptual_; }

 private:
  at::Tensor perceptual(const at::Tensor& output, const at::Tensor& target, const at::Tensor& regions,
                        const Batch& batch, std::mt19937_64& random, PictureViews* views) const;
  // The weighted loss of pixels and edges.
  Loss of_pixels(const at::Tensor& output, const at::Tensor& target, const at::Tensor& regions) const;
  // Adds the identity loss of pictures of at most 256 px.
  void add_identity(Loss& loss, const at::Tensor& output, const Batch& batch) const;

  PictureLossWeights weights_;
  std::optional<PerceptualLoss> perceptual_;
  std::optional<IdentityNetwork> identity_;
};

// Upper left corners (x, y) of pieces of size_px that show what people look at: three of four are centred on
// a landmark of eyes, brows or mouth or on a pixel of hair, the others lie anywhere. `whole_px` is the
// pictures' size; landmarks [N, 68, 2] and labels [N, 256, 256] are those of 256 px.
std::vector<std::array<int64_t, 2>> draw_pieces(const at::Tensor& landmarks, const at::Tensor& labels,
                                                int64_t whole_px, int64_t size_px, std::mt19937_64& random);

// Those pieces of pictures [N, C, R, R].
at::Tensor cut(const at::Tensor& pictures, const std::vector<std::array<int64_t, 2>>& corners,
               int64_t size_px);

// Pictures [N, 3, R, R] averaged down to size_px.
at::Tensor at_size(const at::Tensor& pictures, int64_t size_px);

}  // namespace toonmirror::training
