#include "training/pair_pack.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/model_keys.h"
#include "training/mirrored_landmarks.h"
#include "training/picture_warp.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSize_px = 256;
constexpr int64_t kLargeTarget_px = 512;

at::Tensor pictures_from(const at::Tensor& bytes) {  // U8 [N, H, W, 3] → float [N, 3, H, W]
  return bytes.permute({0, 3, 1, 2}).to(at::kFloat).mul_(1.0 / 127.5).sub_(1.0);
}

// One similarity per picture (with mirroring) and its exposure.
Variation draw_variation(const Augmentation& augmentation, std::mt19937_64& random) {
  std::uniform_real_distribution<double> symmetric(-1.0, 1.0);
  const double angle = symmetric(random) * augmentation.max_rotation_deg * std::numbers::pi / 180.0;
  const double zoom = 1.0 + symmetric(random) * augmentation.max_zoom;
  const double flip = augmentation.mirror && symmetric(random) < 0 ? -1.0 : 1.0;
  const double a = zoom * std::cos(angle), b = zoom * std::sin(angle);
  const double tx = 2.0 * symmetric(random) * augmentation.max_shift;
  const double ty = 2.0 * symmetric(random) * augmentation.max_shift;
  return {{{{flip * a, -b, tx}, {flip * b, a, ty}}},
          std::exp2(symmetric(random) * augmentation.max_exposure)};
}

// Landmarks [68, 2] moved with their picture.
at::Tensor varied_landmarks(const at::Tensor& landmarks, const Variation& variation) {
  const auto& [x_row, y_row] = variation.source_from_result;
  const double determinant = x_row[0] * y_row[1] - x_row[1] * y_row[0];
  const at::Tensor grid = (landmarks + 0.5) * (2.0 / kSize_px) - 1.0;
  const at::Tensor x = grid.select(1, 0) - x_row[2], y = grid.select(1, 1) - y_row[2];
  const at::Tensor moved =
      at::stack({y_row[1] * x - x_row[1] * y, x_row[0] * y - y_row[0] * x}, /*dim=*/1) / determinant;
  const at::Tensor result = (moved + 1.0) * (kSize_px / 2.0) - 0.5;
  return determinant < 0 ? renamed_after_mirroring(result) : result;
}

}  // namespace

std::vector<int64_t> first_rows(const std::vector<int64_t>& rows) {
  constexpr size_t kSheetColumns = 8;
  return {rows.begin(), rows.begin() + static_cast<int64_t>(std::min(kSheetColumns, rows.size()))};
}

PairPack::PairPack(const std::filesystem::path& path) : file_(path) {
  if (file_.required_metadata(kKindKey) != kPairsKind) {
    throw Error(path.string() + ": is not a pack of training pairs", "make one with 'toonmirror teach'");
  }
  photos_ = file_.tensor("photos");
  labels_ = file_.tensor("labels");
  landmarks_ = file_.tensor("landmarks");
  inputs_ = file_.contains("inputs") ? file_.tensor("inputs") : photos_;
  targets_ = file_.contains("targets") ? file_.tensor("targets") : photos_;
  target_labels_ = file_.contains("target_labels") ? file_.tensor("target_labels") : labels_;
  const int64_t count = photos_.size(0);
  const at::Tensor held_out = file_.tensor("held_out");
  const auto pictures_of = [count](const at::Tensor& tensor, int64_t size_px) {
    return tensor.sizes() == std::vector<int64_t>{count, size_px, size_px, 3};
  };
  if (!pictures_of(photos_, kSize_px) || !pictures_of(inputs_, kSize_px) ||
      (!pictures_of(targets_, kSize_px) && !pictures_of(targets_, kLargeTarget_px)) ||
      labels_.sizes() != std::vector<int64_t>{count, kSize_px, kSize_px} ||
      target_labels_.sizes() != labels_.sizes() || landmarks_.sizes() != std::vector<int64_t>{count, 68, 2} ||
      held_out.sizes() != std::vector<int64_t>{count} || photos_.scalar_type() != at::kByte ||
      inputs_.scalar_type() != at::kByte || targets_.scalar_type() != at::kByte ||
      labels_.scalar_type() != at::kByte || target_labels_.scalar_type() != at::kByte ||
      landmarks_.scalar_type() != at::kFloat || held_out.scalar_type() != at::kByte) {
    throw Error(path.string() +
                ": its tensors do not make pairs of 256 px photos and pictures of 256 or 512 px");
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
  std::vector<Variation> variations;
  std::vector<at::Tensor> landmarks;
  for (const int64_t row : rows) {
    variations.push_back(draw_variation(augmentation, random));
    landmarks.push_back(varied_landmarks(landmarks_[row], variations.back()));
  }
  Batch result;
  result.photo = varied_pictures(photos_, rows, variations);
  result.input = inputs_.is_same(photos_) ? result.photo : varied_pictures(inputs_, rows, variations);
  result.target = targets_.is_same(photos_) ? result.photo : varied_pictures(targets_, rows, variations);
  result.labels = varied_labels(labels_, rows, variations);
  result.target_labels =
      target_labels_.is_same(labels_) ? result.labels : varied_labels(target_labels_, rows, variations);
  result.landmarks = at::stack(landmarks);
  return result;
}

}  // namespace toonmirror::training
