// What all trainings share.
#pragma once

#include <filesystem>
#include <string>

#include "checkpoint/safetensors.h"
#include "cli/commands.h"
#include "training/picture_loss.h"
#include "training/training_run.h"

namespace toonmirror::cli {

// What the metadata of a trained file says of it.
struct ModelIdentity {
  std::string family = "house-256-2";              // version 2 of its latents, which began as eigenfaces
  std::string provenance, licence = "not stated";  // of the pictures it was trained on, and so of the model
};
checkpoint::Metadata metadata(const ModelIdentity& identity, const std::string& name);

// --provenance and --licence
void add_identity_options(CLI::App& command, ModelIdentity& identity);

// --output, --steps, --minutes, --workers and so on.
void add_loop_options(CLI::App& command, training::RunOptions& run, std::string& precision);

// --pairs, --nets, the weights of losses and critics, and the options of the loop, of who learns to draw
// pictures. `pairs` and `nets` point into the options of the training.
void add_picture_options(CLI::App& command, training::RunOptions& run, std::filesystem::path& pairs,
                         std::filesystem::path& nets, std::string& precision,
                         training::PictureLossWeights& weights);

// Lines of the log as notices; Ctrl-C stops.
training::RunHooks training_hooks();

void say_written(const std::filesystem::path& path);

// train generator
void add_train_generator(CLI::App& train, Action& chosen);

// train style
void add_train_style(CLI::App& train, Action& chosen);

// train mapping
void add_train_mapping(CLI::App& train, Action& chosen);

// train parser
void add_train_parser(CLI::App& train, Action& chosen);

// train mesh
void add_train_mesh(CLI::App& train, Action& chosen);

// train motion
void add_train_motion(CLI::App& train, Action& chosen);

// train directions
void add_train_directions(CLI::App& train, Action& chosen);

}  // namespace toonmirror::cli
