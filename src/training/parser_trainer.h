// Training of a face parser on the stages of a house encoder, which stay as they are, and with them the
// latents: face model and styles are not touched.
#pragma once

#include <filesystem>
#include <string>

#include "nets/face_parser.h"
#include "training/pair_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct ParserTrainingOptions {
  RunOptions run;
  std::filesystem::path pairs;     // pack of photos
  std::filesystem::path encoder;   // whose stages it sees
  std::string precision = "auto";  // auto, bf16, fp32
  // Wider than where pictures are compared: a face on video is not always well aligned.
  Augmentation augmentation = {.max_rotation_deg = 10.0, .max_zoom = 0.1, .max_shift = 0.04};
};

// Trains (or resumes) and returns the parser with the averaged weights of its head. A sheet has three rows:
// held-out photos; their labels; what the head sees, classes as colours.
nets::FaceParser train_parser(const ParserTrainingOptions& options, RunHooks hooks,
                              const PictureWriter& write_picture);

}  // namespace toonmirror::training
