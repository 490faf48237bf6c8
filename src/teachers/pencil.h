// The drawing teacher: graphite on paper. Tone is measured against the person's own skin, so that dark and
// fair faces both keep paper and graphite; hatching follows one direction on skin and cloth and the strands
// in hair.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kPencilGeometry = {
    .eye_zoom = 1.2, .nose_zoom = 0.93, .mouth_zoom = 0.97, .jaw_pull = 0.03};

// About 0.9 s on one core for a picture of 512 px; see draw_toon for what it promises and throws.
Drawing draw_pencil(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
