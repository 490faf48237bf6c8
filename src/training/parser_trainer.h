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

// Of the parser that `train parser` makes: 0.9 GFLOP and 0.8 million numbers beside its stages. Half of what
// its forerunner of 0.4 GFLOP had wrong was what a thing is (grey hair, a cap), which wide and cheap layers
// at 8 and 16 px tell, and half where it ends, which those at 32 and 64 px do; at 128 px a layer costs most.
nets::ParsingLevels parser_levels();

// Trains (or resumes) and returns the parser with the averaged weights of its head. A sheet has three rows:
// held-out photos; their labels; what the head sees, classes as colours.
nets::FaceParser train_parser(const ParserTrainingOptions& options, RunHooks hooks,
                              const PictureWriter& write_picture);

}  // namespace toonmirror::training
