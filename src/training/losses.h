// What training minimises. Pictures are float RGB in [-1, 1], [N, 3, R, R], unless stated otherwise.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "nets/parsing_head.h"
#include "training/layer_graph.h"

namespace toonmirror::training {

// How much a pixel of each class counts.
using RegionWeights = std::array<float, nets::kFaceClassCount>;
// Background, skin, brow, eye, iris, glasses, mouth, lips, hair, hat, cloth: eyes and irises most.
inline constexpr RegionWeights kPhotoRegionWeights = {0.6f, 1.0f, 3.0f, 6.0f, 6.0f, 3.0f,
                                                      4.0f, 3.0f, 1.5f, 1.0f, 0.8f};
// The names of the classes in this order, as options and reports give them.
inline constexpr std::array<const char*, nets::kFaceClassCount> kFaceClassNames = {
    "background", "skin", "brow", "eye", "iris", "glasses", "mouth", "lips", "hair", "hat", "cloth"};

// `weights` with those replaced that `text` names: "brow=5,hair=2". Throws Error for unknown classes and for
// numbers below 0 or above 100.
RegionWeights with_region_weights(RegionWeights weights, const std::string& text);

// How much each pixel counts, [N, 1, R, R], from labels [N, 256, 256].
at::Tensor region_weights(const at::Tensor& labels, int64_t resolution_px,
                          const RegionWeights& weights = kPhotoRegionWeights);

// Mean of |a − b| · weights, in units of the 0 … 1 range.
at::Tensor weighted_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weights);

// The same of the horizontal and vertical differences: edges in the right place, not only the right tone.
at::Tensor gradient_l1(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weights);

// What colours each class of region has in a set of pictures.
struct RegionColours {
  at::Tensor mean, deviation;  // [11, 3]
  at::Tensor share;            // [11] of all pixels
};
// pictures [N, 3, R, R], labels [N, 256, 256] int64; counted at 64 px. Differentiable in the pictures.
RegionColours region_colours(const at::Tensor& pictures, const at::Tensor& labels);

// Mean absolute difference of the two sets' means and deviations over the classes that both have, in units
// of the 0 … 1 range.
at::Tensor colour_distance(const RegionColours& a, const RegionColours& b);

// Perceptual distance: 1 − cosine of SqueezeNet 1.1 features per position, summed over five slices. Like
// LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric") with
// one weight for all channels.
class PerceptualLoss {
 public:
  PerceptualLoss(const std::filesystem::path& nets_folder, at::ScalarType type);
  // Five slices of pictures, [N, C, ·, ·] from the finest to the coarsest. Differentiable.
  std::vector<at::Tensor> features(const at::Tensor& pictures) const;
  // Of what features() gave. Differentiable in `a` only. `weights` [N, 1, R, R]: how much each place counts,
  // relative to their mean; undefined: all the same.
  static at::Tensor distance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b,
                             const at::Tensor& weights = {});
  // The same of pictures.
  at::Tensor operator()(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weights = {}) const;

 private:
  LayerGraph features_;
};

// LPIPS (Zhang et al. 2018, section 3) with the published heads on the Caffe SqueezeNet 1.1: for figures, not
// for losses. Only distances by this class compare with each other, as the heads were fitted to another
// training of that network.
class LpipsLike {
 public:
  explicit LpipsLike(const std::filesystem::path& nets_folder);
  // [N]
  at::Tensor operator()(const at::Tensor& a, const at::Tensor& b) const;
  // The deepest features, averaged over the picture, [N, 512]: what KID compares.
  at::Tensor summary(const at::Tensor& pictures) const;

 private:
  LayerGraph features_;
  std::vector<at::Tensor> heads_;  // [1, C, 1, 1] each
};

// Kernel Inception Distance (Bińkowski et al. 2018, "Demystifying MMD GANs", section 4) of features [N, D]
// and [M, D], N, M > 1: the unbiased squared maximum mean discrepancy under the kernel (x·y / D + 1)³.
// Features are brought to unit root mean square over both sets. Around 0 for sets of one kind; may be
// slightly negative.
double kernel_distance(const at::Tensor& a, const at::Tensor& b);

// Face identity (MobileFaceNet trained as ArcFace): unit vectors [N, 128] whose dot product is the
// similarity.
class IdentityNetwork {
 public:
  explicit IdentityNetwork(const std::filesystem::path& nets_folder);
  // pictures of 256 px or another size R; landmarks [N, 68, 2] in pixels of a 256 px picture. Differentiable
  // in pictures.
  at::Tensor embed(const at::Tensor& pictures, const at::Tensor& landmarks) const;

 private:
  LayerGraph graph_;
};

}  // namespace toonmirror::training
