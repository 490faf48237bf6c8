#include "nets/mesh_transfer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "nets/face_mesh_points.h"

namespace toonmirror::nets {
namespace {

// What does not move in a head when its face does: bridge of the nose, forehead, temples, ears.
constexpr std::array<int64_t, 26> kStill = {168, 6,   197, 195, 5,   4,   10,  338, 109, 67,  297, 103, 332,
                                            54,  284, 21,  251, 162, 389, 127, 356, 234, 454, 151, 93,  323};
// By which the line from forehead to nose leans in a face that looks straight ahead.
constexpr double kNose_deg = 3.9;
constexpr int64_t kLeftTemple = 127, kRightTemple = 356, kForehead = 10;
// The fold above each lid, from the outside in, over the points of the upper lid.
constexpr int64_t kFoldPoints = 7;
using Fold = std::array<int64_t, kFoldPoints>;
constexpr Fold kLeftFold = {247, 30, 29, 27, 28, 56, 190}, kRightFold = {467, 260, 259, 257, 258, 286, 414};

// Gap of lids that are shut, in widths of the eye: a mesh never says quite nothing.
constexpr double kShut = 0.07;
constexpr double kLeastOpening = 0.08;   // of an initial face: what is nearly shut tells little
constexpr double kWidestOpening = 1.35;  // times that of the source
constexpr double kLowerLidShare = 0.2;   // of the way to where lids meet
constexpr double kFoldShare = 0.4;       // of what the lid below it moves
// How far a head may go from its shoulders, in distances of the outer eye corners, and how much larger it may come.
constexpr double kFreeStep = 0.3, kMostStep = 0.7, kMostGrowth = 1.3;
constexpr double kLeastGain = 0.6, kMostGain = 1.6;

at::Tensor index_of(at::ArrayRef<int64_t> points) { return at::tensor(points, at::kLong); }

// x ↦ scale · x · rotationᵀ + shift, of rows.
struct Similarity {
  at::Tensor rotation;  // [3, 3]
  double scale = 1;
  at::Tensor from, to;  // [1, 3], middles

  at::Tensor operator()(const at::Tensor& points) const {
    return (points - from).matmul(rotation.t()) * scale + to;
  }
  at::Tensor undone(const at::Tensor& points) const { return (points - to).matmul(rotation) / scale + from; }
};

// Least squares (Umeyama 1991) over what is still.
Similarity similarity_between(const at::Tensor& from, const at::Tensor& to) {
  const at::Tensor still = index_of(kStill);
  const at::Tensor a = from.index_select(0, still), b = to.index_select(0, still);
  Similarity result;
  result.from = a.mean(0, /*keepdim=*/true);
  result.to = b.mean(0, /*keepdim=*/true);
  const at::Tensor a_around = a - result.from, b_around = b - result.to;
  const auto [u, sizes, vt] = at::linalg_svd(b_around.t().matmul(a_around));
  at::Tensor signs = at::ones_like(sizes);
  signs[2] = at::linalg_det(u.matmul(vt)).sign();  // a rotation, not a reflection
  result.rotation = (u * signs).matmul(vt);
  result.scale =
      ((sizes * signs).sum() / a_around.square().sum().clamp_min(1e-12)).clamp_min(1e-6).item<double>();
  return result;
}

// The rotation by `share` of the angle.
at::Tensor part_of_rotation(const at::Tensor& rotation, double share) {
  const double cosine = std::clamp((rotation.trace().item<double>() - 1) / 2, -1.0, 1.0);
  const double angle = std::acos(cosine);
  if (angle < 1e-6) return rotation;
  const at::Tensor skew = (rotation - rotation.t()) / (2 * std::sin(angle));
  // Rodrigues' formula.
  return at::eye(3, rotation.options()) + std::sin(share * angle) * skew +
         (1 - std::cos(share * angle)) * skew.matmul(skew);
}

at::Tensor turned(double yaw_deg, double pitch_deg) {
  const double yaw = yaw_deg * std::numbers::pi / 180, pitch = pitch_deg * std::numbers::pi / 180;
  const double cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch);
  const at::Tensor about_y = at::tensor({cy, 0., sy, 0., 1., 0., -sy, 0., cy}, at::kDouble).view({3, 3});
  const at::Tensor about_x = at::tensor({1., 0., 0., 0., cp, sp, 0., -sp, cp}, at::kDouble).view({3, 3});
  return about_y.matmul(about_x);
}

// What an angle may become: itself near the front, never further than the limit, or than the source itself is.
double within(double angle, double at_rest, double limit) {
  const double most = std::max(limit, std::abs(at_rest)), free = 0.7 * most;
  if (std::abs(angle) <= free) return angle;
  const double over = (std::abs(angle) - free) / (most - free);
  return std::copysign(free + (most - free) * std::tanh(over), angle);
}

double width_of(const at::Tensor& mesh, int64_t a, int64_t b) {
  return std::max((mesh[a] - mesh[b]).norm().item<double>(), 1e-9);
}

double opening_of(const at::Tensor& mesh, const Lids& lids) {
  const at::Tensor points = mesh.index_select(0, index_of(lids));
  constexpr int64_t kFirst = 3, kEnd = 6;  // the middle of the lids
  const at::Tensor gaps =
      (points.slice(0, kFirst + kUpperLid, kEnd + kUpperLid) - points.slice(0, kFirst, kEnd)).norm(2, 1);
  return gaps.mean().item<double>() / width_of(mesh, lids[0], lids[kInnerCorner]);
}

// A step [1, 3] no longer than a neck allows.
at::Tensor bounded_step(const at::Tensor& step, double eyes) {
  const double length = step.slice(1, 0, 2).norm().item<double>() / eyes;
  if (length <= kFreeStep) return step;
  const double room = kMostStep - kFreeStep;
  return step * ((kFreeStep + room * std::tanh((length - kFreeStep) / room)) / length);
}

struct EyePoints {
  const Lids& lids;
  const Fold& fold;
  int64_t iris;
};

// Frame of an eye in the face's own plane: from the middle between its corners, towards the inner one.
struct EyeAxes {
  at::Tensor middle, along, down;  // [3]; both axes have the eye's half width

  EyeAxes(const at::Tensor& mesh, const Lids& lids, const at::Tensor& face_down) {
    const at::Tensor outer = mesh[lids[0]], inner = mesh[lids[kInnerCorner]];
    middle = (outer + inner) / 2;
    along = (inner - outer) / 2;
    const at::Tensor unit = along / along.norm().clamp_min(1e-9);
    const at::Tensor across = face_down - unit * unit.dot(face_down);
    down = across / across.norm().clamp_min(1e-9) * along.norm();
  }
  double part(const at::Tensor& point, const at::Tensor& axis) const {
    return ((point - middle).dot(axis) / axis.dot(axis).clamp_min(1e-12)).item<double>();
  }
};

at::Tensor down_of(const at::Tensor& mesh) {
  const at::Tensor down = mesh[kBelowNose] - mesh[kForehead];
  return down / down.norm().clamp_min(1e-9);
}

// `face` has the source's eye with what the driving's expression adds; `source` is the source at rest, and
// `driving` and `initial` are in one pose. Sets lids, fold and iris.
void move_eye(at::Tensor& face, const at::Tensor& source, const at::Tensor& driving,
              const at::Tensor& initial, const EyePoints& eye, const MotionStrengths& strengths) {
  const double before = std::max(opening_of(initial, eye.lids) - kShut, kLeastOpening);
  const double now = opening_of(driving, eye.lids) - kShut;
  const double followed = std::clamp(now / before, 0.0, kWidestOpening);
  const double open = std::max(1.0 + strengths.expression * (followed - 1.0), 0.0);
  for (int64_t k = 0; k <= kUpperLid; ++k) face[eye.lids[k]].copy_(source[eye.lids[k]]);
  for (int64_t k = 1; k < kUpperLid; ++k) {
    const at::Tensor lower = source[eye.lids[k]], upper = source[eye.lids[k + kUpperLid]];
    const at::Tensor meet = at::lerp(lower, upper, kLowerLidShare);
    face[eye.lids[k]].copy_(open < 1 ? at::lerp(meet, lower, open) : lower);
    const at::Tensor lid = at::lerp(meet, upper, open);
    face[eye.lids[k + kUpperLid]].copy_(lid);
    face[eye.fold[k - 1]].copy_(source[eye.fold[k - 1]] + kFoldShare * (lid - upper));
  }
  const EyeAxes axes(source, eye.lids, down_of(source));
  const EyeAxes now_axes(driving, eye.lids, down_of(driving)), then_axes(initial, eye.lids, down_of(initial));
  const at::Tensor iris_now = driving[eye.iris], iris_then = initial[eye.iris];
  const double along = now_axes.part(iris_now, now_axes.along) - then_axes.part(iris_then, then_axes.along);
  const double down = now_axes.part(iris_now, now_axes.down) - then_axes.part(iris_then, then_axes.down);
  const at::Tensor shift = (axes.along * along + axes.down * down) * strengths.gaze;
  for (int64_t k = 0; k < kIrisPoints; ++k) face[eye.iris + k].copy_(source[eye.iris + k] + shift);
}

// Lips that would cross meet in the middle.
void part_lips(at::Tensor& face) {
  const at::Tensor down = down_of(face);
  const size_t around = kInnerLips.size();
  for (size_t k = 1; k < around / 2; ++k) {
    at::Tensor lower = face[kInnerLips[k]], upper = face[kInnerLips[around - k]];
    const at::Tensor gap = (lower - upper).dot(down);
    if (gap.item<double>() >= 0) continue;
    lower.sub_(down * gap / 2);
    upper.add_(down * gap / 2);
  }
}

}  // namespace

HeadTurn head_turn(const at::Tensor& mesh) {
  const at::Tensor points = mesh.to(at::kDouble);
  const at::Tensor across = points[kRightTemple] - points[kLeftTemple];
  const at::Tensor down = points[kBelowNose] - points[kForehead];
  const auto number = [](const at::Tensor& x) { return x.item<double>(); };
  constexpr double kDegrees = 180.0 / std::numbers::pi;
  return {std::atan2(-number(across[2]), std::hypot(number(across[0]), number(across[1]))) * kDegrees,
          std::atan2(-number(down[2]), std::hypot(number(down[0]), number(down[1]))) * kDegrees + kNose_deg};
}

at::Tensor transfer_motion(const at::Tensor& source, const at::Tensor& driving, const at::Tensor& initial,
                           const MotionStrengths& strengths) {
  const at::NoGradGuard no_grad;
  const at::Tensor rest = source.to(at::kDouble), now = driving.to(at::kDouble),
                   then = initial.to(at::kDouble);
  const Similarity pose = similarity_between(then, now), to_source = similarity_between(then, rest);
  const at::Tensor unposed = pose.undone(now);

  // What the expression adds, as the source's head is turned and as large as its face is. Mouths of other sizes
  // move by their own.
  at::Tensor added = (unposed - then).matmul(to_source.rotation.t()) * to_source.scale;
  const double mouth = width_of(rest, kLeftMouthCorner, kRightMouthCorner) /
                       (to_source.scale * width_of(then, kLeftMouthCorner, kRightMouthCorner));
  const at::Tensor below_nose =
      (to_source(then).slice(1, 1, 2) > to_source(then)[kBelowNose][1]).to(at::kDouble);
  added = added * (1.0 + (std::clamp(mouth, kLeastGain, kMostGain) - 1.0) * below_nose);
  at::Tensor face = rest + strengths.expression * added;
  for (const EyePoints& eye :
       {EyePoints{kLeftLids, kLeftFold, kLeftIris}, EyePoints{kRightLids, kRightFold, kRightIris}}) {
    move_eye(face, rest, unposed, then, eye, strengths);
  }
  part_lips(face);

  // Turned as the driving head turned, but not further than its picture can show.
  at::Tensor rotation = part_of_rotation(pose.rotation, strengths.pose);
  const at::Tensor middle = to_source.to;
  const auto posed = [&](const at::Tensor& turn) { return (face - middle).matmul(turn.t()); };
  const HeadTurn at_rest = head_turn(rest), wanted = head_turn(posed(rotation));
  const double yaw = within(wanted.yaw, at_rest.yaw, kLargestYaw_deg);
  const double pitch = within(wanted.pitch, at_rest.pitch, kLargestPitch_deg);
  if (yaw != wanted.yaw || pitch != wanted.pitch)
    rotation = turned(yaw - wanted.yaw, pitch - wanted.pitch).matmul(rotation);
  const double scale = std::clamp(std::pow(pose.scale, strengths.pose), 1 / kMostGrowth, kMostGrowth);
  const at::Tensor step = bounded_step((pose.to - pose.from) * (to_source.scale * strengths.pose),
                                       width_of(rest, kLeftEyeCorner, kRightEyeCorner));
  return (posed(rotation) * scale + middle + step * at::tensor({1., 1., 0.}, at::kDouble))
      .to(source.scalar_type());
}

}  // namespace toonmirror::nets
