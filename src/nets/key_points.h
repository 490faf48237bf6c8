// The key point detector of the First Order Motion Model (Siarohin et al. 2019, section 3.1 and supplementary
// A). Arithmetic and names as in AliaksandrSiarohin/first-order-model modules/keypoint_detector.py.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "nets/hourglass.h"
#include "nets/motion_options.h"

namespace toonmirror::nets {

// Key points of N pictures. Coordinates are (x, y) with the picture in [-1, 1]; driven ones may lie outside.
struct KeyPoints {
  at::Tensor value;     // [N, K, 2]
  at::Tensor jacobian;  // [N, K, 2, 2], how the surroundings are turned and stretched; undefined where the
                        // model knows none
  // [N, 478, 3], nets/face_mesh_points.h, in the same unit, z larger towards the viewer; undefined where the
  // model does without.
  at::Tensor mesh{};

  int64_t count() const { return value.size(0); }
  // Between these (share 0) and others (share 1).
  KeyPoints towards(const KeyPoints& other, double share) const;
};

// What the detector computes on the way, at h×w = picture / step (logits: less what pad lacks to 3, each
// side).
struct KeyPointMaps {
  at::Tensor input;     // [N, C, h, w], the picture made smaller
  at::Tensor features;  // [N, block_expansion + C, h, w]
  at::Tensor logits;    // [N, K, h', w'], not yet divided by the temperature
};

// Parameters: predictor.…, kp.…, jacobian.… (only when jacobians are estimated), buffer down.weight (only
// when scale_factor is below 1).
class KeyPointDetectorImpl : public torch::nn::Module {
 public:
  explicit KeyPointDetectorImpl(const MotionModelOptions& options);

  // picture [N, C, H, W] in [0, 1]. Fills `maps` when given.
  KeyPoints forward(const at::Tensor& picture, KeyPointMaps* maps = nullptr);
  void prepare(at::ScalarType type);

 private:
  double temperature_;
  AntiAliasDownscale down_{nullptr};
  Hourglass predictor_{nullptr};
  PreparedConv2d kp_{nullptr}, jacobian_{nullptr};
};
TORCH_MODULE(KeyPointDetector);

// The inverses of 2×2 matrices, [..., 2, 2]. Computed in double and returned so: jacobians of a trained model
// may be close to singular. A singular matrix gives something large instead of an error, since one bad frame
// must not end a performance.
at::Tensor inverse_2x2(const at::Tensor& matrices);

}  // namespace toonmirror::nets
