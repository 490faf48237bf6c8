// How well a moved picture follows the face that drives it: `toonmirror evaluate --driving`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nets/first_order_motion.h"
#include "toon/animate.h"
#include "toon/avatar.h"
#include "tracking/face_models.h"
#include "training/losses.h"

namespace toonmirror::evaluation {

// Of one picture moved by one clip.
struct DrivenFigures {
  std::string source, driving;
  int64_t frames = 0;  // in which both faces are seen
  // Pearson's correlation over time between the driving face and the moved one; nothing where the driving face
  // hardly moves so.
  std::optional<double> mouth, lids, gaze, yaw, pitch;
  std::optional<double> identity, worst_identity;  // cosine to the picture at rest: mean, and the worst frame
  int64_t faceless = 0;                            // frames in which the moved face is none any more
};

// `identity`: null leaves the cosines out.
DrivenFigures measure_driven(const toon::Avatar& avatar, const toon::DrivingMotion& motion,
                             const nets::MotionModel& model, const tracking::FaceModels& face_models,
                             const training::IdentityNetwork* identity);

// A clip's first picture with a face, moved as the clip goes on, beside what the clip shows. Means over frames.
struct SelfDrivenFigures {
  std::string clip;
  int64_t frames = 0;
  double l1 = 0,
         l1_still = 0;  // mean absolute error of the square, 0 to 1: of the moved picture, of the first one
  double mesh = 0,
         mesh_still = 0;  // mean distance of the mesh's points to the clip's, shares of the eyes' distance
};

SelfDrivenFigures measure_self_driven(const toon::DrivingMotion& motion, nets::MotionModel& model,
                                      const tracking::FaceModels& face_models);

}  // namespace toonmirror::evaluation
