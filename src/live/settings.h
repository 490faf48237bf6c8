// What can be told to a live mirror, and what it tells: plain values, for windows as well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/stage_timer.h"
#include "toon/compositor.h"
#include "toon/convert.h"
#include "toon/drawing_size.h"

namespace toonmirror::live {

enum class LiveMode {
  kMirror,   // every picture is drawn
  kAnimate,  // a captured face, drawn once, is moved by a driving video
  kPuppet,   // a captured face, drawn once, is moved by the camera's
};

// What may be changed at any time.
struct LiveSettings {
  LiveMode mode = LiveMode::kMirror;
  toon::PasteOptions paste = {};
  toon::FaceChoice faces = toon::FaceChoice::kAll;
  int size_px = toon::DrawingSizes::kAuto;  // of the drawings; automatic quality may want them smaller
  double stability = 0.5;                   // of the latents, 0 to 1 (latent_filter.h)
  bool square = false;                      // hand out the drawing's square alone
  // Style mixing: rows of W+ from that one on move towards those of a saved face, or of a seed.
  uint32_t mix_seed = 0;  // unless LiveMirror::mix_with() was given a face
  double mix_share = 0;   // 0: none, 1: all of them
  int mix_from_row = 4;

  void check() const;  // throws Error when a number is out of range
};

struct LiveStatistics {
  int64_t drawn = 0;
  std::vector<StageCost> stages;  // face, encoder, generator, paste; in the avatar modes motion
  double jitter_px = 0;  // of the landmarks of a face at rest, root mean square from picture to picture
  std::string quality = "full";  // what automatic quality has given up
  bool has_avatar = false;
  std::string message;  // what the user should know, such as a driving video that cannot be read
};

}  // namespace toonmirror::live
