// The comic teacher: an album of the clear line. Flat bright colours in few tones, one tone of shade with a
// firm edge, ink around everything. No printing screen: dots finer than what a generator's low layers see
// cannot be placed by its convolutions, and a style drew a grey veil instead of them.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kComicGeometry = {
    .eye_zoom = 1.32, .nose_zoom = 0.92, .mouth_zoom = 1.02, .jaw_pull = 0.03};

// About 0.9 s on one core for a picture of 512 px; see draw_toon for what it promises and throws.
Drawing draw_comic(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
