// The ukiyo-e teacher: a woodblock print. Flat areas of few pigments, one hard shade on the skin, hair as a
// mass of ink with combed lines, a gradient of colour at the upper edge (bokashi), brush lines, paper fibres.
#pragma once

#include "teachers/drawing.h"

namespace toonmirror::teachers {

// About 0.3 s on one core; see draw_toon for what it promises and throws.
Drawing draw_ukiyoe(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
