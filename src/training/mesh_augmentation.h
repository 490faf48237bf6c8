// Training samples of the face mesh: crops as a tracker would cut them, and worse, in any light, with things
// before the face; and crops without one.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <random>
#include <vector>

#include "nets/mesh_measures.h"
#include "training/crop_sampler.h"
#include "training/mesh_pack.h"
#include "training/occluders.h"

namespace toonmirror::training {

struct MeshBatch {
  at::Tensor pictures;  // [N, 3, S, S] float, RGB in [-1, 1], channels-last
  at::Tensor points;    // [N, 478, 3] in units of the crop (nets/face_mesh.h); 0 where there is no face
  at::Tensor visible;   // [N, 478] float, 1: to be seen
  at::Tensor present;   // [N] float, 1: there is a face
};

// How crops of faces vary. A tracker's square is shifted and scaled by what it gives between two frames,
// and by what a detector gives at first.
struct MeshVariety {
  bool mirror = true;
  double max_rotation_deg = 25, max_lying_deg = 90, lying = 0.15;  // the latter of a share of the samples
  double min_scale = 0.8, max_scale = 1.3;
  double max_shift = 0.15;   // of the square's side
  double cut_off = 0.12;     // share whose face lies partly outside the picture
  double turned = 0.35;      // share seen from another side,
  double max_turn_deg = 30;  // by so much
  double covered = 0.35, glasses = 0.12;
  bool photometric = true;  // light, blur, noise, …
};

// A crop as it is, [3, size_px, size_px] in [-1, 1]; mirrored beyond the borders. picture: 256 × 256 RGB
// bytes.
at::Tensor mesh_crop(const uint8_t* picture, const nets::MeshSquare& square, int64_t size_px);

class MeshSamples {
 public:
  // `canonical` as of canonical_mesh(): tells what mirroring does and which faces are turned. The pack has to
  // outlive it. Rows with closed eyes, open mouths and turned heads, which are rare, are drawn more often.
  MeshSamples(const MeshPack& pack, const at::Tensor& canonical, int64_t size_px);

  // `faceless` of the samples, as a share, have no face.
  MeshBatch draw(int64_t count, double faceless, const MeshVariety& variety, std::mt19937_64& random) const;
  // Those rows varied, each once.
  MeshBatch faces(const std::vector<int64_t>& rows, const MeshVariety& variety,
                  std::mt19937_64& random) const;
  // No faces, made of those rows.
  MeshBatch no_faces(const std::vector<int64_t>& rows, std::mt19937_64& random) const;

 private:
  MeshBatch empty_batch(int64_t count) const;
  void draw_face(int64_t row, const MeshVariety& variety, Dice& dice, MeshBatch& batch, int64_t n) const;
  void draw_other(int64_t row, Dice& dice, MeshBatch& batch, int64_t n) const;
  int64_t random_row(Dice& dice) const;
  Canvas canvas(const MeshBatch& batch, int64_t n) const;

  const MeshPack& pack_;
  int64_t size_px_;
  std::vector<int64_t> partners_;
  std::vector<double> weights_;  // of the training rows, summed up to each
  at::Tensor points_;            // of the pack, contiguous
};

}  // namespace toonmirror::training
