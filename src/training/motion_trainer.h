// Training of the house motion model: a First Order Motion Model (Siarohin et al. 2019) that is slim, whose
// key points and inner motion of the face come from its mesh (nets/mesh_field.h), which learns key points for hair,
// shoulders and background alone, and whose generator sees the moved source at several scales
// (nets/motion_options.h).
#pragma once

#include <filesystem>
#include <string>

#include "nets/first_order_motion.h"
#include "training/clip_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

// 24 key points of the mesh and 6 learned ones; a driven frame of 256 px costs about 9 GFLOP (2 × multiply-adds)
// besides what is kept.
nets::MotionModelOptions house_motion_options();

struct MotionTrainingOptions {
  RunOptions run;
  std::filesystem::path clips;  // pack, training/clip_pack.h
  std::filesystem::path nets;   // folder of the perceptual network
  // An earlier motion model to begin with, as far as its tensors fit; empty: from nothing.
  std::filesystem::path start;
  std::string precision = "auto";
  double half_size_share = 0.6;  // first share of the run, whose generator draws 128 px
  // Share of the samples whose learned key points do not move, as in relative motion (nets/driving_motion.h): head and
  // hair have to follow the mesh alone, and what else moves in a clip stays.
  double at_rest = 0.6;
  double l1 = 10;
  double perceptual = 10;
  double equivariance = 5;
  double jacobian_equivariance = 0.5;
  // Batches over which the statistics of the averaged weights' normalisations are measured at the end.
  int64_t statistics_batches = 40;
};

// Trains (or resumes) and returns the model with averaged weights, ready for evaluation. A sheet has four
// rows, of held-out clips: the frame to move, the one to become, the result, and the moved source alone.
nets::MotionModel train_motion(const MotionTrainingOptions& options, RunHooks hooks,
                               const PictureWriter& write_picture);

}  // namespace toonmirror::training
