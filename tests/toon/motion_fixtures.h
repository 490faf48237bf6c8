// A small untrained motion model, and an avatar for it: for what holds for any weights.
#pragma once

#include <torch/torch.h>

#include "fixtures.h"
#include "toon/avatar.h"

namespace toonmirror::toon::testing {

inline nets::MotionModel small_motion_model(uint64_t seed) {
  nets::MotionModelOptions options;
  options.num_kp = 4;
  options.kp_detector.hourglass = {.block_expansion = 4, .max_features = 8, .num_blocks = 2};
  options.kp_detector.pad = 3;
  options.generator.block_expansion = 4;
  options.generator.max_features = 8;
  options.generator.num_bottleneck_blocks = 1;
  options.generator.warped_skips = 1;
  options.generator.blend_source = true;
  options.generator.dense_motion.hourglass = {.block_expansion = 4, .max_features = 8, .num_blocks = 2};
  torch::manual_seed(seed);
  nets::MotionModel model(options);
  model->eval();
  model->prepare();
  return model;
}

// A grid of points, `size` px large; with a smile, bent.
inline face::Landmarks landmarks_at(double x, double y, double size, double smile = 0) {
  face::Landmarks points;
  for (size_t i = 0; i < points.size(); ++i) {
    const double column = static_cast<double>(i % 8) / 7 - 0.5;
    points[i] = {x + size * column,
                 y + size * (static_cast<double>(i / 8) / 8 - 0.5 + smile * column * column)};
  }
  return points;
}

inline Avatar small_avatar(nets::MotionModel& model) {
  Avatar avatar;
  avatar.name = "me";
  avatar.style = "toon";
  avatar.picture = colourful_picture({400, 300}, 3);
  avatar.landmarks = landmarks_at(190, 150, 90);
  avatar.square = motion_square(avatar.landmarks);
  const at::NoGradGuard no_grad;
  avatar.source = model->encode_source(motion_tensor(face::warp_crop(avatar.picture, avatar.alignment())));
  return avatar;
}

}  // namespace toonmirror::toon::testing
