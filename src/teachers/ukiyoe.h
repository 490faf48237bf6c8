// The ukiyo-e teacher: a woodblock print. Flat areas of few pigments, one hard shade on the skin, hair as a
// mass of ink with combed lines, a gradient of colour at the upper edge (bokashi), brush lines, paper fibres.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

inline constexpr face::CartoonGeometry kUkiyoeGeometry = {
    .eye_zoom = 1.22, .nose_zoom = 0.94, .mouth_zoom = 0.86, .jaw_pull = 0.03};

// About 0.9 s on one core for a picture of 512 px; see draw_toon for what it promises and throws.
Drawing draw_ukiyoe(const FaceDrawingInput& input);

}  // namespace toonmirror::teachers
