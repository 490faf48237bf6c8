// Training of the house motion model: a First Order Motion Model (Siarohin et al. 2019) that is slim, whose
// key points are taught from landmarks at first, and whose generator sees the moved source at several scales
// (nets/motion_options.h).
#pragma once

#include <filesystem>
#include <string>

#include "nets/first_order_motion.h"
#include "training/clip_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

// 15 key points; a driven frame of 256 px costs about 9 GFLOP (2 × multiply-adds) besides what is kept.
nets::MotionModelOptions house_motion_options();

// Where the house's key points lie on a face with these landmarks, [N, 68, 2] in pixels of 256 →
// [N, 15, 2] in [-1, 1]: brows, lids, bridge and tip of the nose, corners and inner edges of the mouth, chin,
// sides of the jaw.
at::Tensor taught_key_points(const at::Tensor& landmarks);

struct MotionTrainingOptions {
  RunOptions run;
  std::filesystem::path clips;  // pack, training/clip_pack.h
  std::filesystem::path nets;   // folder of the perceptual network
  std::string precision = "auto";
  double half_size_share = 0.6;  // first share of the run, whose generator draws 128 px
  double l1 = 10;
  double perceptual = 10;
  double equivariance = 5;
  double jacobian_equivariance = 0.5;
  double taught = 10;  // falls to a tenth over two thirds of the run
  // Batches over which the statistics of the averaged weights' normalisations are measured at the end.
  int64_t statistics_batches = 40;
};

// Trains (or resumes) and returns the model with averaged weights, ready for evaluation. A sheet has four
// rows, of held-out clips: the frame to move, the one to become, the result, and the moved source alone.
nets::MotionModel train_motion(const MotionTrainingOptions& options, RunHooks hooks,
                               const PictureWriter& write_picture);

}  // namespace toonmirror::training
