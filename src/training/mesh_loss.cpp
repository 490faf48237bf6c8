#include "training/mesh_loss.h"

#include <vector>

#include "nets/mesh_measures.h"

namespace toonmirror::training {
namespace {

constexpr double kSmooth = 0.01;            // distances of the eyes, below which errors count by their square
constexpr double kFine = 3.0, kBrow = 1.5;  // weights of lids, irises and lips, and of brows

at::Tensor index_of(const std::vector<int64_t>& points) { return at::tensor(points, at::kLong); }

MeshParts find_parts() {
  MeshParts parts;
  std::vector<int64_t> eyes(nets::kLeftLids.begin(), nets::kLeftLids.end()), irises, lips;
  eyes.insert(eyes.end(), nets::kRightLids.begin(), nets::kRightLids.end());
  for (int64_t point = nets::kLeftIris; point < nets::kMeshPoints; ++point) irises.push_back(point);
  lips.assign(nets::kOuterLips.begin(), nets::kOuterLips.end());
  lips.insert(lips.end(), nets::kInnerLips.begin(), nets::kInnerLips.end());
  parts.eyes = index_of(eyes);
  parts.irises = index_of(irises);
  parts.lips = index_of(lips);
  parts.contour = index_of({nets::kContour.begin(), nets::kContour.end()});
  return parts;
}

// [478], their mean is one.
const at::Tensor& point_weights() {
  static const at::Tensor kWeights = [] {
    at::Tensor weights = at::ones({nets::kMeshPoints});
    const MeshParts& parts = mesh_parts();
    for (const at::Tensor& fine : {parts.eyes, parts.irises, parts.lips}) weights.index_fill_(0, fine, kFine);
    weights.index_fill_(0, index_of({nets::kBrows.begin(), nets::kBrows.end()}), kBrow);
    return weights / weights.mean();
  }();
  return kWeights;
}

// The lower and the upper points of all gaps.
const std::pair<at::Tensor, at::Tensor>& gaps() {
  static const std::pair<at::Tensor, at::Tensor> kGaps = [] {
    std::vector<int64_t> lower, upper;
    for (const nets::Lids& lids : {nets::kLeftLids, nets::kRightLids}) {
      for (size_t k = 1; k < nets::kInnerCorner; ++k) {
        lower.push_back(lids[k]);
        upper.push_back(lids[k + nets::kUpperLid]);
      }
    }
    for (const auto& [below, above] : nets::kLipPairs) {
      lower.push_back(below);
      upper.push_back(above);
    }
    return std::pair{index_of(lower), index_of(upper)};
  }();
  return kGaps;
}

// A length that is smooth where it is nearly none: [..., 2] → [...].
at::Tensor smooth_length(const at::Tensor& difference) {
  return (difference.square().sum(-1) + kSmooth * kSmooth).sqrt() - kSmooth;
}

struct Compared {
  at::Tensor unit;     // [n, 1, 1] distance of the eyes
  at::Tensor truth;    // [n, 478, 3]
  at::Tensor weights;  // [n, 478]
  double depth = 0;
};

at::Tensor points_loss(const at::Tensor& points, const Compared& with) {
  const at::Tensor difference = (points - with.truth) / with.unit;
  const at::Tensor flat = smooth_length(difference.slice(2, 0, 2));
  const at::Tensor deep = smooth_length(difference.slice(2, 2, 3));
  return ((flat + with.depth * deep) * with.weights).mean();
}

at::Tensor openings_loss(const at::Tensor& points, const Compared& with) {
  const auto& [lower, upper] = gaps();
  const auto of = [&](const at::Tensor& mesh) {
    const at::Tensor plane = mesh.slice(2, 0, 2);
    return plane.index_select(1, upper) - plane.index_select(1, lower);
  };
  return smooth_length((of(points) - of(with.truth)) / with.unit).mean();
}

double mean_of(const at::Tensor& errors, const at::Tensor& part) {
  return errors.index_select(1, part).mean().item<double>();
}

}  // namespace

const MeshParts& mesh_parts() {
  static const MeshParts kParts = find_parts();
  return kParts;
}

at::Tensor point_errors(const at::Tensor& points, const at::Tensor& truth) {
  const at::Tensor unit = nets::eye_distances(truth).clamp_min(1e-6).unsqueeze(1);
  return (points - truth).slice(2, 0, 2).norm(2, -1) / unit * 100.0;
}

MeshLoss mesh_loss(const nets::FaceMeshResult& seen, const MeshBatch& batch, const MeshLossWeights& weights) {
  MeshLoss loss;
  const at::Tensor present = at::binary_cross_entropy_with_logits(seen.presence, batch.present);
  loss.total = weights.presence * present;
  loss.figures["presence"] =
      ((seen.presence.detach() > 0) == (batch.present > 0.5)).to(at::kDouble).mean().item<double>();
  const at::Tensor rows = batch.present.nonzero().flatten();
  if (rows.numel() == 0) return loss;
  const at::Tensor truth = batch.points.index_select(0, rows), visible = batch.visible.index_select(0, rows);
  const Compared with{nets::eye_distances(truth).clamp_min(1e-3).view({-1, 1, 1}), truth,
                      point_weights() * (weights.hidden + (1.0 - weights.hidden) * visible), weights.depth};
  const at::Tensor points = seen.points.index_select(0, rows);
  loss.total = loss.total + points_loss(points, with) +
               weights.coarse * points_loss(seen.coarse.index_select(0, rows), with) +
               weights.openings * openings_loss(points, with) +
               weights.visibility *
                   at::binary_cross_entropy_with_logits(seen.visibility.index_select(0, rows), visible);
  const at::Tensor errors = point_errors(points.detach(), truth);
  const MeshParts& parts = mesh_parts();
  loss.figures["error %"] = errors.mean().item<double>();
  loss.figures["eyes %"] = mean_of(errors, parts.eyes);
  loss.figures["lips %"] = mean_of(errors, parts.lips);
  return loss;
}

}  // namespace toonmirror::training
