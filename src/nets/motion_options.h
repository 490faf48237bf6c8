// The architecture of a First Order Motion Model (nets/first_order_motion.h) as its published configuration
// describes it: config/vox-256.yaml of AliaksandrSiarohin/first-order-model, section `model_params`. What is
// not in a file has the value of that configuration.
#pragma once

#include <cstdint>
#include <string>

#include "checkpoint/safetensors.h"

namespace toonmirror::nets {

// Level i of a network (0 = full resolution) has min(max_features, block_expansion · 2^i) channels.
struct HourglassOptions {
  int64_t block_expansion = 32;
  int64_t max_features = 1024;
  int64_t num_blocks = 5;      // halvings
  double scale_factor = 0.25;  // the picture is made smaller by this before anything else, in (0, 1]

  // Every how many pixels of the picture one is kept: ⌊1 / scale_factor⌋.
  int64_t step() const;
};

struct KeyPointDetectorOptions {
  HourglassOptions hourglass;
  double temperature = 0.1;          // logits are divided by it before the softmax over places
  int64_t pad = 0;                   // of the 7×7 convolutions for key points and jacobians
  bool single_jacobian_map = false;  // one map for all key points instead of one each
};

struct DenseMotionOptions {
  HourglassOptions hourglass = {.block_expansion = 64};
  double kp_variance =
      0.01;  // of the Gaussian that stands for a key point, in units of half the picture squared
};

struct MotionGeneratorOptions {
  int64_t block_expansion = 64;
  int64_t max_features = 512;
  int64_t num_down_blocks = 2;
  int64_t num_bottleneck_blocks = 6;
  bool estimate_occlusion_map = true;
  DenseMotionOptions dense_motion;
  // Not of the published network; the house's has them. Finer levels of the encoder, next to the deepest one,
  // whose features are moved as well and added on the way up; and a mask by which the moved source picture
  // itself becomes part of the result, so that what is only shifted stays sharp.
  int64_t warped_skips = 0;
  bool blend_source = false;
};

struct MotionModelOptions {
  int64_t num_channels = 3;  // of the pictures
  int64_t num_kp = 10;
  // So many of them are points of a face mesh (nets/mesh_key_points.h), which then also tells how the face
  // itself moves; the detector learns the others. Not of the published network, where it is 0.
  int64_t mesh_kp = 0;
  bool estimate_jacobian = true;
  KeyPointDetectorOptions kp_detector;
  MotionGeneratorOptions generator;

  int64_t learned_kp() const { return num_kp - mesh_kp; }
  // Width and height of pictures must be multiples of this: every halving has to come out even.
  int64_t size_multiple_px() const;
  // The smallest width and height at which key points have a map of at least 2×2 places.
  int64_t least_size_px() const;
  // Throws Error naming the value that is out of range.
  void check() const;
};

// What the shapes of a checkpoint's tensors tell, and `defaults` for the rest: temperature, pad, kp_variance.
// Of tensors, those below `kp_detector.` and `generator.` are looked at. Throws Error naming a tensor that is
// missing or of an impossible shape; `where` begins the message.
MotionModelOptions motion_options_from_tensors(const checkpoint::NamedTensors& tensors,
                                               const std::string& where,
                                               const MotionModelOptions& defaults = {});

// Throws Error naming the first value that contradicts the shapes of the tensors.
void check_motion_options(const MotionModelOptions& options, const checkpoint::NamedTensors& tensors,
                          const std::string& where);

}  // namespace toonmirror::nets
