// The configuration file that is published beside a First Order Motion Model's checkpoint.
#pragma once

#include <filesystem>

#include "nets/motion_options.h"

namespace toonmirror::nets {

// Reads `model_params` of a configuration laid out as config/vox-256.yaml of
// AliaksandrSiarohin/first-order-model; what is about training is not looked at. What a file may leave out
// has the value that the reference's constructors give it (modules/keypoint_detector.py,
// modules/dense_motion.py). Throws Error naming the file, and the value where one is missing, of another type
// or out of range.
MotionModelOptions read_motion_options(const std::filesystem::path& path);

}  // namespace toonmirror::nets
