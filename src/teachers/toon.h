// The toon teacher: a photo drawn in the look of an animated film. Every region is treated in its own way:
// clean warm skin, hair as strands and shapes, one dark shape per brow, redrawn eyes.
#pragma once

#include "face/cartoon_geometry.h"
#include "teachers/drawing.h"

namespace toonmirror::teachers {

struct ToonOptions {
  face::CartoonGeometry geometry;
  double opened_lids = 0.20;     // how much further open eyes are drawn, as a share of the opening
  double hair_saturation = 1.2;  // factor on chroma
  double blush = 6.0;            // on the cheeks, in units of CIE a
};

// About 0.6 s on one core for a picture of 512 px. A smooth, deterministic function of the photo: a style
// network learns from its pictures. Throws Error where a picture has another size or type, or a landmark is
// not finite.
Drawing draw_toon(const FaceDrawingInput& input, const ToonOptions& options = {});

}  // namespace toonmirror::teachers
