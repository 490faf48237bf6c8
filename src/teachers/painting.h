// The painting teacher: oil on canvas. Colours are pushed (warm lights, cool shadows), then laid in curved
// strokes along the forms, from broad to fine (Hertzmann 1998, "Painterly Rendering with Curved Brush Strokes
// of Multiple Sizes"), and lit like a relief.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kPaintingGeometry = {
    .eye_zoom = 1.14, .nose_zoom = 0.94, .mouth_zoom = 0.97, .jaw_pull = 0.02};

// About 0.8 s on one core for a picture of 512 px; see draw_toon for what it promises and throws. Strokes
// begin at places that are fixed in the crop, so that pictures of one person agree.
Drawing draw_painting(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
