// Dense motion from key points (Siarohin et al. 2019, section 3.2): for every place of the driving frame,
// where in the source it comes from. Arithmetic and names as in AliaksandrSiarohin/first-order-model
// modules/dense_motion.py.
#pragma once

#include <torch/torch.h>

#include "nets/hourglass.h"
#include "nets/key_points.h"
#include "nets/motion_options.h"

namespace toonmirror::nets {

// At h×w = picture / step; index 0 of K + 1 is the background, which stays where it is. Grids hold (x, y) in
// the source, the picture in [-1, 1].
struct DenseMotion {
  at::Tensor deformation;  // [N, h, w, 2], the mean of sparse_motion weighted by mask
  at::Tensor mask;         // [N, K + 1, h, w], sums to 1 over K + 1
  at::Tensor occlusion;    // [N, 1, h, w], 0 where the source shows nothing of use, up to 1; undefined where
                           // the model estimates none
  at::Tensor sparse_motion;  // [N, K + 1, h, w, 2], what each key point alone says
  at::Tensor heatmap;  // [N, K + 1, h, w], Gaussians of the driving key points less those of the source's
  at::Tensor sparse_deformed;  // [N, K + 1, C, h, w], the small source moved by each sparse motion
};

// exp(−|z − p|² / (2 · variance)) at every place z for every key point p [N, K, 2]: [N, K, h, w].
at::Tensor gaussians(const at::Tensor& points, int64_t h, int64_t w, double variance);

// The picture [N, C, H, W] seen through a grid [N, h, w, 2]: bilinear, zeros outside; in the
// type of the grid.
at::Tensor sample(const at::Tensor& picture, const at::Tensor& grid, bool align_corners);

// Parameters: hourglass.…, mask.…, occlusion.… (only when estimated), buffer down.weight (only when
// scale_factor is below 1).
class DenseMotionNetworkImpl : public torch::nn::Module {
 public:
  explicit DenseMotionNetworkImpl(const MotionModelOptions& options);

  // What of the source it works on: [N, C, H, W] → [N, C, h, w].
  at::Tensor downscale(const at::Tensor& source) { return down_ ? down_->forward(source) : source; }

  // small_source as downscale returns it. One source may be driven by a batch of key points. The jacobians
  // are used where both have them.
  DenseMotion forward(const at::Tensor& small_source, const KeyPoints& source, const KeyPoints& driving,
                      bool align_corners);
  void prepare(at::ScalarType type);

 private:
  double kp_variance_;
  AntiAliasDownscale down_{nullptr};
  Hourglass hourglass_{nullptr};
  PreparedConv2d mask_{nullptr}, occlusion_{nullptr};
};
TORCH_MODULE(DenseMotionNetwork);

}  // namespace toonmirror::nets
