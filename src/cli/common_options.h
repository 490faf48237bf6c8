// Options that several commands share, so that they are spelled, explained and checked alike everywhere. A
// command adds only those that it obeys.
#pragma once

#include <cstdint>
#include <string>

#include "app/batch.h"
#include "engine/compute.h"
#include "toon/compositor.h"
#include "toon/convert.h"
#include "toon/teacher_drawing.h"

namespace CLI {
class App;
}

namespace toonmirror::cli {

// --style NAME|FILE
void add_style_option(CLI::App& command, std::string& style);

// --paste head|face|crop
void add_paste_option(CLI::App& command, toon::PasteMode& paste);
// --scene auto|keep|style
void add_scene_option(CLI::App& command, toon::SceneChoice& scene);
// --faces all|largest
void add_faces_option(CLI::App& command, toon::FaceChoice& faces);

// --no-face fade|hold|pass
void add_no_face_option(CLI::App& command, tracking::NoFace& no_face);

// --size auto|256|512|1024, as toon::DrawingSizes takes it.
void add_size_option(CLI::App& command, int& size_px);

// --draw auto|child|teacher. `subject`: what is drawn, in the help.
void add_draw_option(CLI::App& command, toon::DrawWith& draw, const std::string& subject);

// --seed N
void add_seed_option(CLI::App& command, uint64_t& seed);

// --json
void add_json_option(CLI::App& command, bool& json);

// --quiet and --verbose, which act as soon as they are parsed (base/log.h, media/ffmpeg.h).
void add_verbosity_options(CLI::App& command);

using engine::choose_compute;
using engine::Compute;
using engine::ComputeOptions;

// --device, --precision, --threads, --engine
void add_compute_options(CLI::App& command, ComputeOptions& options);

// Prints the batch as JSON where that is wanted, says how many inputs failed, and returns the exit code.
int finish_batch(const app::Batch& batch, bool json);

}  // namespace toonmirror::cli
