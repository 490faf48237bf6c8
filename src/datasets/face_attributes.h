// What is known of the faces of a folder, beside their latents: what directions are fitted to.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "datasets/face_photos.h"
#include "nets/house_encoder.h"

namespace toonmirror::datasets {

struct FaceAttributes {
  at::Tensor latents;  // W+ [rows, w_dim]
  at::Tensor
      attributes;  // training::landmark_attributes(), the age in years (NaN: unknown), glasses (0 or 1)
};

// Of all photos that can be used, in any order; the others are named in warnings. Throws as find_face_photos;
// Interrupted.
std::vector<FaceAttributes> observe_faces(const FacePhotoOptions& photos, const nets::HouseEncoder& encoder);

}  // namespace toonmirror::datasets
