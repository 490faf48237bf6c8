#include "training/pair_pack.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "training/mirrored_landmarks.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSize_px = 256;

at::Tensor pictures_from(const at::Tensor& bytes) {  // U8 [N, H, W, 3] → float [N, 3, H, W]
  return bytes.permute({0, 3, 1, 2}).to(at::kFloat).mul_(1.0 / 127.5).sub_(1.0);
}

// Draws one similarity per picture (with mirroring) and warps all parts of the batch by it.
Batch varied(const Batch& batch, const Augmentation& augmentation, std::mt19937_64& random) {
  std::uniform_real_distribution<double> symmetric(-1.0, 1.0);
  const int64_t count = batch.photo.size(0);
  at::Tensor source_from_result = at::empty({count, 2, 3});  // in grid coordinates, [-1, 1] over the picture
  at::Tensor exposure = at::empty({count, 1, 1, 1});
  auto matrix = source_from_result.accessor<float, 3>();
  at::Tensor landmarks = batch.landmarks.clone();
  auto points = landmarks.accessor<float, 3>();
  for (int64_t n = 0; n < count; ++n) {
    const double angle = symmetric(random) * augmentation.max_rotation_deg * std::numbers::pi / 180.0;
    const double zoom = 1.0 + symmetric(random) * augmentation.max_zoom;
    const double flip = augmentation.mirror && symmetric(random) < 0 ? -1.0 : 1.0;
    const double a = zoom * std::cos(angle), b = zoom * std::sin(angle);
    const double tx = 2.0 * symmetric(random) * augmentation.max_shift;
    const double ty = 2.0 * symmetric(random) * augmentation.max_shift;
    const double rows[2][3] = {{flip * a, -b, tx}, {flip * b, a, ty}};
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 3; ++j) matrix[n][i][j] = static_cast<float>(rows[i][j]);
    }
    exposure[n][0][0][0] = std::exp2(symmetric(random) * augmentation.max_exposure);
    // Landmarks move by the inverse.
    const double determinant = rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0];
    for (int64_t k = 0; k < points.size(1); ++k) {
      const double x = (points[n][k][0] + 0.5) * 2.0 / kSize_px - 1.0 - tx;
      const double y = (points[n][k][1] + 0.5) * 2.0 / kSize_px - 1.0 - ty;
      const double u = (rows[1][1] * x - rows[0][1] * y) / determinant;
      const double v = (rows[0][0] * y - rows[1][0] * x) / determinant;
      points[n][k][0] = static_cast<float>((u + 1.0) * kSize_px / 2.0 - 0.5);
      points[n][k][1] = static_cast<float>((v + 1.0) * kSize_px / 2.0 - 0.5);
    }
    if (flip < 0) landmarks[n] = renamed_after_mirroring(landmarks[n]);
  }
  const at::Tensor grid =
      at::affine_grid_generator(source_from_result, batch.photo.sizes(), /*align_corners=*/false);
  const auto warp = [&](const at::Tensor& picture, int64_t interpolation) {
    return at::grid_sampler(picture, grid, interpolation, /*padding_mode=reflection*/ 2,
                            /*align_corners=*/false);
  };
  const auto expose = [&](const at::Tensor& picture) {
    return ((picture + 1.0) * exposure - 1.0).clamp_(-1.0, 1.0);
  };
  Batch result;
  result.photo = expose(warp(batch.photo, 0)).contiguous(at::MemoryFormat::ChannelsLast);
  result.input = batch.input.is_same(batch.photo)
                     ? result.photo
                     : expose(warp(batch.input, 0)).contiguous(at::MemoryFormat::ChannelsLast);
  result.target = batch.target.is_same(batch.photo)
                      ? result.photo
                      : expose(warp(batch.target, 0)).contiguous(at::MemoryFormat::ChannelsLast);
  const auto warp_labels = [&](const at::Tensor& labels) {
    return warp(labels.unsqueeze(1).to(at::kFloat), 1).squeeze(1).to(at::kLong);
  };
  result.labels = warp_labels(batch.labels);
  result.target_labels =
      batch.target_labels.is_same(batch.labels) ? result.labels : warp_labels(batch.target_labels);
  result.landmarks = landmarks;
  return result;
}

}  // namespace

std::vector<int64_t> first_rows(const std::vector<int64_t>& rows) {
  constexpr size_t kSheetColumns = 8;
  return {rows.begin(), rows.begin() + static_cast<int64_t>(std::min(kSheetColumns, rows.size()))};
}

PairPack::PairPack(const std::filesystem::path& path) : file_(path) {
  if (file_.required_metadata("toonmirror.kind") != kPairsKind) {
    throw Error(path.string() + ": is not a pack of training pairs", "make one with 'toonmirror teach'");
  }
  photos_ = file_.tensor("photos");
  labels_ = file_.tensor("labels");
  landmarks_ = file_.tensor("landmarks");
  inputs_ = file_.contains("inputs") ? file_.tensor("inputs") : photos_;
  targets_ = file_.contains("targets") ? file_.tensor("targets") : photos_;
  target_labels_ = file_.contains("target_labels") ? file_.tensor("target_labels") : labels_;
  const int64_t count = photos_.size(0);
  const std::vector<int64_t> picture_shape = {count, kSize_px, kSize_px, 3};
  const at::Tensor held_out = file_.tensor("held_out");
  if (photos_.sizes() != picture_shape || inputs_.sizes() != picture_shape ||
      targets_.sizes() != picture_shape ||
      labels_.sizes() != std::vector<int64_t>{count, kSize_px, kSize_px} ||
      target_labels_.sizes() != labels_.sizes() || landmarks_.sizes() != std::vector<int64_t>{count, 68, 2} ||
      held_out.sizes() != std::vector<int64_t>{count} || photos_.scalar_type() != at::kByte ||
      inputs_.scalar_type() != at::kByte || targets_.scalar_type() != at::kByte ||
      labels_.scalar_type() != at::kByte || target_labels_.scalar_type() != at::kByte ||
      landmarks_.scalar_type() != at::kFloat || held_out.scalar_type() != at::kByte) {
    throw Error(path.string() + ": its tensors do not make pairs of 256 px pictures");
  }
  const auto flags = held_out.accessor<uint8_t, 1>();
  for (int64_t row = 0; row < count; ++row) (flags[row] ? held_out_rows_ : training_rows_).push_back(row);
  if (training_rows_.empty()) throw Error(path.string() + ": holds no pair to train on");
}

Batch PairPack::batch(const std::vector<int64_t>& rows) const {
  const at::Tensor index = at::tensor(rows, at::kLong);
  Batch result;
  result.photo = pictures_from(photos_.index_select(0, index));
  result.input = inputs_.is_same(photos_) ? result.photo : pictures_from(inputs_.index_select(0, index));
  result.target = targets_.is_same(photos_) ? result.photo : pictures_from(targets_.index_select(0, index));
  result.labels = labels_.index_select(0, index).to(at::kLong);
  result.target_labels =
      target_labels_.is_same(labels_) ? result.labels : target_labels_.index_select(0, index).to(at::kLong);
  result.landmarks = landmarks_.index_select(0, index);
  return result;
}

void PairPack::for_each_batch(const std::vector<int64_t>& rows, size_t size,
                              const std::function<void(const Batch&)>& body) const {
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = first + std::min(static_cast<std::ptrdiff_t>(size), rows.end() - first);
    body(batch(std::vector<int64_t>(first, last)));
    first = last;
  }
}

Batch PairPack::shown() const {
  return batch(first_rows(held_out_rows_.empty() ? training_rows_ : held_out_rows_));
}

Batch PairPack::random_batch(int64_t size, const Augmentation& augmentation, std::mt19937_64& random) const {
  std::uniform_int_distribution<size_t> pick(0, training_rows_.size() - 1);
  std::vector<int64_t> rows(static_cast<size_t>(size));
  for (int64_t& row : rows) row = training_rows_[pick(random)];
  return varied(batch(rows), augmentation, random);
}

}  // namespace toonmirror::training
