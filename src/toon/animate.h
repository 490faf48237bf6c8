// Recorded animation: a driving video moves one avatar or several, as fast as the cores allow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/stage_timer.h"
#include "media/video_writer.h"
#include "toon/animator.h"
#include "toon/driving.h"

namespace toonmirror::toon {

struct DrivingMotion {
  Driving driving;
  std::vector<nets::KeyPoints>
      key_points;  // of every frame; where the face is lost, those of the last before
};

// `relative`: the meshes that `driving` has are all that a model which goes by meshes needs for relative motion.
// Otherwise reads the video a second time, through the squares that `driving` has, with `workers` threads. Throws
// Error where it cannot be read any more, or is another by now.
DrivingMotion detect_motion(Driving driving, nets::MotionModel& model, bool relative, int workers);

struct AnimateOptions {
  nets::DrivingOptions motion;
  bool from_first_frame = false;  // relative motion starts there instead of at the best frame
  bool square = false;            // the moved square alone instead of the whole picture
  int workers = 1;
  media::VideoWriterOptions video;
};

struct AnimateReport {
  int64_t frames = 0;
  int64_t frames_with_face = 0;
  size_t reference_frame = 0;  // that relative motion is told from
  double seconds = 0;
  std::vector<StageCost> stages;
  std::vector<std::string> notices;   // about the output
  std::vector<std::string> warnings;  // about the driving video, as in Driving
};

// Writes the animation with the driving video's times and sound: its pictures are not read again. The output
// appears when it is complete or not at all. Throws Error (output, disk) and Interrupted.
AnimateReport animate(const Avatar& avatar, const DrivingMotion& motion, const nets::MotionModel& model,
                      const std::filesystem::path& output, const AnimateOptions& options);

}  // namespace toonmirror::toon
