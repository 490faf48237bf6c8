// The comic teacher: a printed comic of the sixties. Flat bright colours in few tones, shade in dots of a
// printing screen, firm ink.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kComicGeometry = {
    .eye_zoom = 1.32, .nose_zoom = 0.92, .mouth_zoom = 1.02, .jaw_pull = 0.03};

// About 0.3 s on one core; see draw_toon for what it promises and throws. The screen lies fixed in the crop,
// so that a style can learn it.
Drawing draw_comic(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
