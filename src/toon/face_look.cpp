#include "toon/face_look.h"

#include <cmath>

#include "nets/face_mesh_points.h"
#include "nets/mesh_measures.h"
#include "nets/mesh_transfer.h"

namespace toonmirror::toon {
namespace {

// What makes a difference of 1.
constexpr double kTurn_deg = 12, kMouth = 0.12, kSmile = 0.12,
                 kEyes = 0.4;  // eyes: of how far they usually are open

}  // namespace

FaceLook look_of(const at::Tensor& mesh) {
  const at::Tensor one = mesh.unsqueeze(0);
  const nets::HeadTurn turn = nets::head_turn(mesh);
  const double width = (mesh[nets::kRightMouthCorner] - mesh[nets::kLeftMouthCorner]).norm().item<double>();
  return {turn.yaw, turn.pitch, nets::mouth_openings(one).item<double>(),
          width / std::max(nets::eye_distances(one).item<double>(), 1e-9),
          nets::eye_openings(one).mean().item<double>()};
}

double look_distance(const FaceLook& source, const FaceLook& driving, double usual_eyes) {
  const double eyes = (driving.eyes - usual_eyes) / std::max(kEyes * usual_eyes, 1e-6);
  return std::hypot(
      std::hypot((source.yaw_deg - driving.yaw_deg) / kTurn_deg,
                 (source.pitch_deg - driving.pitch_deg) / kTurn_deg),
      std::hypot((source.mouth - driving.mouth) / kMouth, (source.smile - driving.smile) / kSmile, eyes));
}

}  // namespace toonmirror::toon
