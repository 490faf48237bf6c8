// Pictures with face meshes in one memory-mapped .safetensors, as datasets/mesh_labels.h writes them:
//   pictures   U8 [N, 256, 256, 3]  RGB
//   points     F32 [N, 478, 3]      x and y in pixels of the picture, z in the same unit, larger towards the
//                                   viewer (nets/face_mesh_points.h); 0 where there is no face
//   landmarks  F32 [N, 68, 2]       dlib's, in pixels; NaN where they are not known
//   face       U8 [N]               0: a picture without a face
//   held_out   U8 [N]               1: never trained on, used for figures and sheets
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "checkpoint/safetensors.h"

namespace toonmirror::training {

inline constexpr const char* kMeshesKind = "meshes";
inline constexpr int64_t kMeshPicture_px = 256;

class MeshPack {
 public:
  // Throws Error naming the file when it is not a pack of meshes, its tensors disagree, or there is no face
  // to train on.
  explicit MeshPack(const std::filesystem::path& path);

  // Rows with a face to learn from, with one to be judged on, and without a face to learn from.
  const std::vector<int64_t>& training_rows() const { return training_rows_; }
  const std::vector<int64_t>& held_out_rows() const { return held_out_rows_; }
  const std::vector<int64_t>& faceless_rows() const { return faceless_rows_; }

  // 256 rows of 256 RGB bytes.
  const uint8_t* picture(int64_t row) const;
  at::Tensor points() const { return points_; }        // of all rows
  at::Tensor landmarks() const { return landmarks_; }  // of all rows

 private:
  checkpoint::SafetensorsFile file_;
  at::Tensor pictures_, points_, landmarks_;
  std::vector<int64_t> training_rows_, held_out_rows_, faceless_rows_;
};

}  // namespace toonmirror::training
