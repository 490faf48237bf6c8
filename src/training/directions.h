// Directions of W+ along which one thing about a face changes: turned, smiling, older.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace toonmirror::training {

// What the landmarks of an aligned face [N, 68, 2] say, each [N], in the order of landmark_attributes():
//   yaw         the nose's place between the ends of the jaw: positive when turned to the picture's right
//   pitch       the nose's tip between eyes and mouth: positive when looking down
//   smile       how wide the mouth is and how far its corners are raised
//   mouth_open  the gap between the lips
//   eyes_closed the lids' distance, negative
// Distances in those of the outer eye corners.
const std::vector<std::string>& landmark_attributes();
at::Tensor measure_landmarks(const at::Tensor& landmarks);  // [N, attributes]

// latents [N, rows, w_dim], attributes [N, K] (NaN: not known). All attributes are fitted together, so that a
// direction holds what changes with its attribute while the others stay (least squares, attributes in units
// of their deviation; unknown ones count as the mean). Returns [K, rows, w_dim]: a step of 1 changes the
// attribute by one deviation. Throws Error where an attribute is the same for all or N is less than ten times
// K.
at::Tensor find_directions(const at::Tensor& latents, const at::Tensor& attributes);

}  // namespace toonmirror::training
