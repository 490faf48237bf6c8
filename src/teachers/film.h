// The film teacher: the head is lit anew from its form instead of being filtered, as an animated film would
// light it. What the photo's light leaves over is the skin's own tone; on it falls a new key light with soft
// shadows, hollows, gloss and a rim. Hair is combed strands on a rounded volume, lips and eyeballs are
// rounded forms, eyes are larger, nose and chin smaller.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kFilmGeometry{.eye_zoom = 1.50,
                                                     .nose_zoom = 0.86,
                                                     .mouth_zoom = 0.97,
                                                     .jaw_pull = 0.05,
                                                     .chin_lift = 0.07,
                                                     .eye_zoom_behind_glasses = 1.25};

// Needs the face mesh of the input. A smooth, deterministic function of the photo. Throws Error as prepare()
// does, and where there is no mesh.
Drawing draw_film(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
