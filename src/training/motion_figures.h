// How well a motion model moves faces it has never seen.
#pragma once

#include <filesystem>
#include <functional>

#include "nets/first_order_motion.h"
#include "training/clip_pack.h"

namespace toonmirror::training {

struct MotionFigures {
  int64_t clips = 0, frames = 0;  // held out
  // Each frame of a clip drawn from its first frame: mean absolute error, 0 … 1.
  double l1_still = 0;  // of the first frame itself
  double l1_warp = 0;   // of the first frame warped by the true landmarks of both (thin-plate spline)
  double l1 = 0;        // of the model
  // Mean distance of the 68 landmarks found in what was drawn from those found in the frame, shares of the
  // width.
  double points_still = 0, points_warp = 0, points = 0;
  double identity_self = 0;   // cosine to the frame
  double identity_cross = 0;  // cosine to the person that is moved, when the next clip's person drives it
};

// The 68 landmarks [68, 2] of the face near `near` in a picture [3, 256, 256] in [0, 1].
using LandmarkFinder = std::function<at::Tensor(const at::Tensor& picture, const at::Tensor& near)>;

// On up to `frames_per_clip` frames, evenly spread, of every held-out clip of the pack. `nets`: folder of
// mobilefacenet128. Throws Error where the pack holds no clip back.
MotionFigures evaluate_motion(const ClipPack& pack, nets::MotionModel& model,
                              const std::filesystem::path& nets, const LandmarkFinder& find_landmarks,
                              int64_t frames_per_clip = 6);

// The picture [1, 3, H, W] warped so that its points `from` come to lie at `to` ([P, 2], pixels of W = H), by
// the thin-plate spline through them and eight points of the border that stay (Bookstein 1989).
at::Tensor warp_by_points(const at::Tensor& picture, const at::Tensor& from, const at::Tensor& to);

}  // namespace toonmirror::training
