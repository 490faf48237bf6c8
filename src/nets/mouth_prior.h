// What lies behind lips that a picture shows closed: teeth, tongue and the dark, in the picture's own colours, so that
// it fits a photo as well as a drawing. A beginning for the motion model, which paints over it what it knows better.
#pragma once

#include <ATen/ATen.h>

#include "nets/mesh_field.h"

namespace toonmirror::nets {

// Of pictures [N, C, H, W] in [0, 1] and their meshes [N, 478, 3] (from -1 to 1 over the picture): the dark, the
// tongue and the teeth, [N, 3, C].
at::Tensor mouth_colours(const at::Tensor& pictures, const at::Tensor& meshes);

// `pictures` [N, C, H, W], moved by `field` of the same size, with these colours wherever it shows a mouth that the
// source does not. `colours` of one source, or of as many.
at::Tensor with_mouth(const at::Tensor& pictures, const MeshField& field, const at::Tensor& colours);

}  // namespace toonmirror::nets
