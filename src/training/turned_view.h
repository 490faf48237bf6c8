// A face seen from another side: where the pixels of a photo go when its mesh is turned. What lies behind
// does not come to light; up to some 35 degrees that is hardly seen, and it teaches more of turned heads
// than photos of people who look into the camera do.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "nets/face_mesh_points.h"

namespace toonmirror::training {

// x, y, z in units of a crop: −1 … 1 over it, z towards the viewer.
using MeshPoint = std::array<float, 3>;
using MeshPoints = std::array<MeshPoint, nets::kMeshPoints>;

// Where each place of the result lies in the source, as a difference, on a grid over the crop; in between by
// interpolation, outside as at the border.
class WarpField {
 public:
  static constexpr int kNodes = 23;

  // Where node number n (of kNodes) lies along an axis.
  static float node(int n) { return kEdge * (2.0F * static_cast<float>(n) / (kNodes - 1) - 1.0F); }
  std::array<float, 2>& at(int column, int row) {
    return shifts_[static_cast<size_t>(row * kNodes + column)];
  }

  std::array<float, 2> operator()(float x, float y) const;

 private:
  static constexpr float kEdge = 1.1F;
  std::vector<std::array<float, 2>> shifts_ = std::vector<std::array<float, 2>>(kNodes * kNodes);
};

struct Turn {
  double axis_rad = 0;   // of the axis in the picture: 0 is its horizontal, π/2 its vertical
  double angle_rad = 0;  // how far the face is turned about it
  double nearness = 0;   // how much larger what is nearer becomes, per unit of the crop
};

struct TurnedView {
  WarpField field;
  std::array<bool, nets::kMeshPoints> hidden{};  // behind another part of the face
};

// Turns the mesh about an axis between the ears. Points are then where the field takes their pixels; hidden
// ones where they would be. A turn that would hide more than a sixth of them is made smaller.
TurnedView turn_view(MeshPoints& points, const Turn& turn);

}  // namespace toonmirror::training
