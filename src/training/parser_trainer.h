// Training of the house encoder's parsing head alone: the stages it sees stay as they are, and with them the
// latents, so that face model and styles are not touched.
#pragma once

#include <filesystem>
#include <string>

#include "nets/house_encoder.h"
#include "training/pair_pack.h"
#include "training/training_run.h"

namespace toonmirror::training {

struct ParserTrainingOptions {
  RunOptions run;
  std::filesystem::path pairs;     // pack of photos
  std::filesystem::path encoder;   // whose head goes on from what it has learned
  std::string precision = "auto";  // auto, bf16, fp32
  // Wider than where pictures are compared: a face on video is not always well aligned.
  Augmentation augmentation = {.max_rotation_deg = 10.0, .max_zoom = 0.1, .max_shift = 0.04};
};

// Trains (or resumes) and returns the encoder with the averaged weights of the head. A sheet has three rows:
// held-out photos; their labels; what the head sees, classes as colours.
nets::HouseEncoder train_parser(const ParserTrainingOptions& options, RunHooks hooks,
                                const PictureWriter& write_picture);

}  // namespace toonmirror::training
