// How steady a style's drawings are over time: `toonmirror evaluate`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "toon/toonifier.h"
#include "tracking/face_models.h"

namespace toonmirror::evaluation {

// Over the pictures of a clip in which the face is at rest: three in a row between which its points moved by
// less than 1 % of the distance of the outer eye corners.
struct ClipFigures {
  std::string name;
  int64_t frames = 0, with_face = 0, at_rest = 0;
  // Root mean square of what the 68 points do beyond moving evenly (half their second difference in time), in
  // per cent of the distance of the outer eye corners: in the clip and in the drawn clip.
  double jitter_in = 0, jitter_out = 0;
  // Mean of the same of the pixels of the face's square, 0 to 255: what boils.
  double boil_in = 0, boil_out = 0;
};

// Draws the face that was the clip's largest when it came, in at most `max_frames` pictures. Throws Error where
// it is no video, Interrupted.
ClipFigures measure_clip(const std::filesystem::path& clip, const toon::Toonifier& toonifier,
                         const tracking::FaceModels& face_models, int64_t max_frames);

}  // namespace toonmirror::evaluation
