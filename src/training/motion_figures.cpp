#include "training/motion_figures.h"

#include <torch/torch.h>

#include "base/error.h"
#include "nets/driving_motion.h"
#include "training/losses.h"

namespace toonmirror::training {
namespace {

constexpr double kWidth_px = 256;

// U(r) = r² log r² between two sets of points, [A, B].
at::Tensor spline_kernel(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor square = (a.unsqueeze(1) - b.unsqueeze(0)).square().sum(2);
  return square * (square + 1e-9).log();
}

at::Tensor with_affine(const at::Tensor& points) {  // [P, 2] → [P, 3]: 1, x, y
  return at::cat({at::ones({points.size(0), 1}, points.options()), points}, 1);
}

double mean_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().sum(1).sqrt().mean().item<double>() / kWidth_px;
}

double l1_of(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().mean().item<double>(); }

}  // namespace

at::Tensor warp_by_points(const at::Tensor& picture, const at::Tensor& from, const at::Tensor& to) {
  const int64_t size = picture.size(3);
  const at::Tensor scale = at::full({1}, 2.0 / static_cast<double>(size - 1), at::kDouble);
  const at::Tensor border =
      at::tensor({-1., -1., 0., -1., 1., -1., -1., 0., 1., 0., -1., 1., 0., 1., 1., 1.}, at::kDouble)
          .view({8, 2});
  const auto placed = [&](const at::Tensor& points) {
    return at::cat({points.to(at::kDouble) * scale - 1.0, border});
  };
  const at::Tensor source = placed(from), target = placed(to);
  // For every place of the result: where in the picture it comes from.
  const int64_t count = target.size(0);
  const at::Tensor affine = with_affine(target);
  at::Tensor system = at::zeros({count + 3, count + 3}, at::kDouble);
  system.slice(0, 0, count)
      .slice(1, 0, count)
      .copy_(spline_kernel(target, target) + 1e-4 * at::eye(count, at::kDouble));
  system.slice(0, 0, count).slice(1, count).copy_(affine);
  system.slice(0, count).slice(1, 0, count).copy_(affine.t());
  const at::Tensor wanted = at::cat({source, at::zeros({3, 2}, at::kDouble)});
  const at::Tensor coefficients = at::linalg_solve(system, wanted);
  const at::Tensor places = nets::coordinate_grid(size, size, at::kDouble).reshape({-1, 2});
  const at::Tensor grid =
      at::matmul(at::cat({spline_kernel(places, target), with_affine(places)}, 1), coefficients);
  return at::grid_sampler(picture, grid.to(at::kFloat).view({1, size, size, 2}), 0, /*padding_mode=border*/ 1,
                          /*align_corners=*/true);
}

MotionFigures evaluate_motion(const ClipPack& pack, nets::MotionModel& model,
                              const std::filesystem::path& nets, const LandmarkFinder& find_landmarks,
                              int64_t frames_per_clip) {
  const at::NoGradGuard no_grad;
  const std::vector<ClipPack::Range>& clips = pack.held_out_clips();
  if (clips.empty()) throw Error("the pack holds no clip back to judge the motion model by");
  const IdentityNetwork identity(nets);
  const auto cosine = [&](const at::Tensor& a, const at::Tensor& points_a, const at::Tensor& b,
                          const at::Tensor& points_b) {
    return (identity.embed(a * 2 - 1, points_a.unsqueeze(0)) *
            identity.embed(b * 2 - 1, points_b.unsqueeze(0)))
        .sum()
        .item<double>();
  };
  MotionFigures sum;
  for (size_t c = 0; c < clips.size(); ++c) {
    const auto [first, length] = clips[c];
    const auto other_range = clips[(c + 1) % clips.size()];
    const Frames start = pack.frames({first}), other_start = pack.frames({other_range.first});
    const nets::EncodedSource source = model->encode_source(start.pictures, start.meshes);
    const nets::KeyPoints other_initial = model->detect(other_start.pictures, other_start.meshes);
    ++sum.clips;
    for (int64_t i = 1; i <= frames_per_clip && i < length; ++i) {
      const Frames frame = pack.frames({first + i * (length - 1) / frames_per_clip});
      const at::Tensor moved = model->render(source, model->detect(frame.pictures, frame.meshes));
      const at::Tensor warped = warp_by_points(start.pictures, start.landmarks[0], frame.landmarks[0]);
      const at::Tensor truth = find_landmarks(frame.pictures[0], frame.landmarks[0]);
      const at::Tensor found = find_landmarks(moved[0], frame.landmarks[0]);
      sum.l1_still += l1_of(start.pictures, frame.pictures);
      sum.l1_warp += l1_of(warped, frame.pictures);
      sum.l1 += l1_of(moved, frame.pictures);
      sum.points_still += mean_distance(find_landmarks(start.pictures[0], start.landmarks[0]), truth);
      sum.points_warp += mean_distance(find_landmarks(warped[0], frame.landmarks[0]), truth);
      sum.points += mean_distance(found, truth);
      sum.identity_self += cosine(moved, found, frame.pictures, truth);

      const Frames other = pack.frames({other_range.first + i * (other_range.second - 1) / frames_per_clip});
      const nets::KeyPoints driving = nets::normalize_key_points(
          source.key_points, model->detect(other.pictures, other.meshes), other_initial, {});
      const at::Tensor crossed = model->render(source, driving);
      sum.identity_cross +=
          cosine(crossed, find_landmarks(crossed[0], start.landmarks[0]), start.pictures, start.landmarks[0]);
      ++sum.frames;
    }
  }
  for (double* figure : {&sum.l1_still, &sum.l1_warp, &sum.l1, &sum.points_still, &sum.points_warp,
                         &sum.points, &sum.identity_self, &sum.identity_cross}) {
    *figure /= static_cast<double>(sum.frames);
  }
  return sum;
}

}  // namespace toonmirror::training
