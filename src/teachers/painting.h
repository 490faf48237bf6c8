// The painting teacher: oil on canvas. Colours are pushed (warm lights, cool shadows), then laid in curved
// strokes along the forms, from broad to fine (Hertzmann 1998, "Painterly Rendering with Curved Brush Strokes
// of Multiple Sizes"), and lit like a relief.
#pragma once

#include "teachers/drawing.h"

namespace toonmirror::teachers {

// About 0.4 s on one core; see draw_toon for what it promises and throws. Strokes begin at places that are
// fixed in the crop, so that pictures of one person agree.
Drawing draw_painting(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
