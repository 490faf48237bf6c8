#include "nets/mouth_prior.h"

#include <array>

#include "nets/face_mesh_points.h"

namespace toonmirror::nets {
namespace {

constexpr std::array<int64_t, 6> kCheeks = {50, 280, 205, 425, 117, 346};
constexpr double kDark = 0.25, kTongueLight = 0.8;  // of the lips' colour
constexpr double kWhiter = 1.0, kLeastWhite = 0.35, kMostWhite = 0.8;
constexpr double kToothOfSkin = 0.2;  // of the skin's colour in that of teeth

// Mean colour at these points, [N, C].
at::Tensor colour_at(const at::Tensor& pictures, const at::Tensor& meshes, at::ArrayRef<int64_t> points) {
  const at::Tensor places = meshes.index_select(1, at::tensor(points, at::kLong)).slice(2, 0, 2);
  return at::grid_sampler(pictures, places.to(pictures.scalar_type()).unsqueeze(2), 0,
                          /*padding_mode=border*/ 1,
                          /*align_corners=*/true)
      .mean({2, 3});
}

}  // namespace

at::Tensor mouth_colours(const at::Tensor& pictures, const at::Tensor& meshes) {
  // Both edges of the lips, whose mean is mostly lip.
  const at::Tensor lips =
      (colour_at(pictures, meshes, kInnerLips) + colour_at(pictures, meshes, kOuterLips)) / 2;
  const at::Tensor skin = colour_at(pictures, meshes, kCheeks);
  const at::Tensor white = (kWhiter * skin.amax(1, /*keepdim=*/true)).clamp(kLeastWhite, kMostWhite);
  return at::stack({kDark * lips, kTongueLight * lips, at::lerp(white.expand_as(skin), skin, kToothOfSkin)},
                   1);
}

at::Tensor with_mouth(const at::Tensor& pictures, const MeshField& field, const at::Tensor& colours) {
  const auto part = [&](MeshPart which) { return field.parts.narrow(1, which, 1); };
  const auto colour = [&](int64_t which) { return colours.select(1, which).unsqueeze(2).unsqueeze(3); };
  at::Tensor inside = colour(0) + part(kTongue) * (colour(1) - colour(0));
  inside = inside + part(kTeeth) * (colour(2) - inside);
  // Edges of lips are soft.
  const at::Tensor share = at::avg_pool2d(part(kMouth) * part(kUnseen), {3, 3}, {1, 1}, {1, 1});
  return pictures + share * (inside - pictures);
}

}  // namespace toonmirror::nets
