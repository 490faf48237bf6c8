// Things before a face: hands, cups, microphones, hair, glasses, as far as shapes with colours are like them.
#pragma once

#include <array>
#include <cstdint>

#include "training/canvas.h"
#include "training/dice.h"
#include "training/turned_view.h"

namespace toonmirror::training {

// A crop that is worked on, and what is known of its face.
struct FaceCrop {
  Canvas canvas;
  MeshPoints points{};
  std::array<bool, nets::kMeshPoints> visible{};

  // A point of the mesh in pixels of the canvas.
  std::array<float, 2> pixel_of(int64_t point) const;
  int64_t visible_count() const;
};

// Covers a part of the face by one of them. `other` is another picture, [other_px, other_px, 3], to take
// patterns from. Covered points are no longer visible; where they lie stays known. A shape that would leave
// less than a third of the points to be seen is not drawn.
void cover_a_part(FaceCrop& crop, const uint8_t* other, int64_t other_px, Dice& dice);

// Glasses: rims, or tinted or dark lenses. Eyes behind dark ones are no longer visible.
void put_on_glasses(FaceCrop& crop, Dice& dice);

}  // namespace toonmirror::training
