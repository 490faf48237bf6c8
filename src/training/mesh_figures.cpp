#include "training/mesh_figures.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "nets/mesh_measures.h"
#include "training/mesh_augmentation.h"
#include "training/mesh_loss.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kAtOnce = 16;
constexpr double kShift = 0.08, kTurn_deg = 10, kScale = 1.15;  // of the first look
constexpr uint64_t kSeed = 7;

nets::MeshSquare inexact(const nets::MeshSquare& square, Dice& dice) {
  const double angle = dice.around(kTurn_deg) * std::numbers::pi / 180,
               scale = dice.ratio(1 / kScale, kScale);
  const double c = scale * std::cos(angle), s = scale * std::sin(angle), side = 2 * square.half_side();
  return {square.centre_x + dice.around(kShift) * side, square.centre_y + dice.around(kShift) * side,
          c * square.right_x - s * square.right_y, s * square.right_x + c * square.right_y};
}

struct Seen {
  at::Tensor points;    // [N, 478, 3] pixels of the pictures
  at::Tensor presence;  // [N] logits
};

Seen look(const MeshPack& pack, const std::vector<int64_t>& rows,
          const std::vector<nets::MeshSquare>& squares, nets::FaceMesh& network) {
  const int64_t size_px = network->options().resolution;
  std::vector<at::Tensor> points, presence;
  for (size_t first = 0; first < rows.size(); first += kAtOnce) {
    const size_t end = std::min(rows.size(), first + kAtOnce);
    std::vector<at::Tensor> crops;
    for (size_t i = first; i < end; ++i)
      crops.push_back(mesh_crop(pack.picture(rows[i]), squares[i], size_px));
    const nets::FaceMeshResult result =
        network->forward(at::stack(crops).contiguous(at::MemoryFormat::ChannelsLast));
    for (size_t i = first; i < end; ++i) {
      points.push_back(nets::picture_from_square(result.points[static_cast<int64_t>(i - first)], squares[i]));
    }
    presence.push_back(result.presence);
  }
  return {at::stack(points), at::cat(presence)};
}

// Share of `which` (bool) for which `right` (bool) is true.
double share(const at::Tensor& right, const at::Tensor& which) {
  const auto count = which.sum().item<int64_t>();
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>((right & which).sum().item<int64_t>()) / static_cast<double>(count);
}

// The square of Karras et al. 2019, as face/alignment.h has it: centre and right half, [N, 2, 2]. landmarks
// [N, 68, 2].
at::Tensor ffhq_squares(const at::Tensor& landmarks) {
  const auto mean = [&](int64_t first, int64_t end) { return landmarks.slice(1, first, end).mean(1); };
  const at::Tensor left = mean(36, 42), right = mean(42, 48), eyes = (left + right) / 2;
  const at::Tensor down = (landmarks.select(1, 48) + landmarks.select(1, 54)) / 2 - eyes;
  const at::Tensor across = right - left;
  const at::Tensor direction = across + at::stack({down.select(1, 1), -down.select(1, 0)}, 1);
  const at::Tensor length =
      at::maximum(across.norm(2, 1, /*keepdim=*/true) * 2.0, down.norm(2, 1, /*keepdim=*/true) * 1.8);
  return at::stack({eyes + 0.1 * down, direction / direction.norm(2, 1, /*keepdim=*/true) * length}, 1);
}

double square_error(const at::Tensor& found, const at::Tensor& landmarks) {
  const at::Tensor known = landmarks.isfinite().all(2).all(1).nonzero().flatten();
  if (known.numel() == 0) return std::numeric_limits<double>::quiet_NaN();
  const at::Tensor theirs = landmarks.index_select(0, known);
  const at::Tensor difference = ffhq_squares(found.index_select(0, known)) - ffhq_squares(theirs);
  const at::Tensor centre = difference.select(1, 0), right = difference.select(1, 1);
  const at::Tensor below = at::stack({-right.select(1, 1), right.select(1, 0)}, 1);
  at::Tensor sum = at::zeros({known.numel()});
  for (const double across : {-1.0, 1.0}) {
    for (const double down : {-1.0, 1.0}) sum += (centre + across * right + down * below).norm(2, 1) / 4.0;
  }
  const at::Tensor eyes = (theirs.slice(1, 42, 48).mean(1) - theirs.slice(1, 36, 42).mean(1)).norm(2, 1);
  return 100.0 * (sum / eyes).mean().item<double>();
}

void compare(const at::Tensor& points, const at::Tensor& truth, const at::Tensor& canonical,
             MeshFigures& figures) {
  const at::Tensor errors = point_errors(points, truth);
  const MeshParts& parts = mesh_parts();
  const auto mean = [&](const at::Tensor& part) {
    return errors.index_select(1, part).mean().item<double>();
  };
  figures.error = errors.mean().item<double>();
  figures.eyes = mean(parts.eyes);
  figures.lips = mean(parts.lips);
  figures.irises = mean(parts.irises);
  figures.contour = mean(parts.contour);
  const at::Tensor theirs = nets::eye_openings(truth), ours = nets::eye_openings(points);
  const at::Tensor closed = theirs<kClosedBelow, open = theirs> kOpenAbove;
  const at::Tensor called_closed = ours < (kClosedBelow + kOpenAbove) / 2;
  figures.closed_eyes = closed.sum().item<int64_t>();
  figures.open_eyes = open.sum().item<int64_t>();
  figures.closed_right = share(called_closed, closed);
  figures.open_right = share(called_closed.logical_not(), open);
  const at::Tensor turned = (nets::head_angles(nets::head_rotations(points, canonical)) -
                             nets::head_angles(nets::head_rotations(truth, canonical)))
                                .abs()
                                .mean(0);
  figures.yaw_error_deg = turned[0].item<double>();
  figures.pitch_error_deg = turned[1].item<double>();
}

}  // namespace

MeshFigures evaluate_mesh(const MeshPack& pack, nets::FaceMesh& network) {
  const at::NoGradGuard no_grad;
  const std::vector<int64_t>& rows =
      pack.held_out_rows().empty() ? pack.training_rows() : pack.held_out_rows();
  const at::Tensor index = at::tensor(rows, at::kLong);
  const at::Tensor truth = pack.points().index_select(0, index);
  std::mt19937_64 random(kSeed);
  Dice dice(random);
  std::vector<nets::MeshSquare> squares;
  for (int64_t n = 0; n < truth.size(0); ++n) squares.push_back(inexact(nets::square_around(truth[n]), dice));
  const Seen first = look(pack, rows, squares, network);
  for (int64_t n = 0; n < truth.size(0); ++n) {
    squares[static_cast<size_t>(n)] = nets::square_around(first.points[n]);
  }
  const Seen second = look(pack, rows, squares, network);

  MeshFigures figures;
  figures.faces = truth.size(0);
  compare(second.points, truth, network->canonical, figures);
  figures.true_positives = (second.presence > 0).to(at::kDouble).mean().item<double>();
  figures.square_error = square_error(nets::landmarks68_of(second.points, network->landmarks68),
                                      pack.landmarks().index_select(0, index));
  const MeshSamples samples(pack, network->canonical, network->options().resolution);
  int64_t taken_for_faces = 0;
  for (const int64_t row : rows) {
    const MeshBatch batch = samples.no_faces({row}, random);
    taken_for_faces += (network->forward(batch.pictures).presence > 0).sum().item<int64_t>();
  }
  figures.false_positives = static_cast<double>(taken_for_faces) / static_cast<double>(figures.faces);
  return figures;
}

}  // namespace toonmirror::training
