#include "training/clip_pack.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/model_keys.h"
#include "nets/face_mesh_points.h"
#include "nets/mesh_measures.h"
#include "training/mesh_mirror.h"
#include "training/mirrored_landmarks.h"

namespace toonmirror::training {
namespace {

constexpr int64_t kSize_px = 256;
constexpr double kMaxExposure = 0.2;  // ± in powers of two
constexpr int64_t kMeshesForMean = 500;
// A frame whose eyes or mouth are open by so much more or less than usual, in widths of each, is drawn as often as it
// gets.
constexpr double kRarest = 0.4, kMoreOfRare = 10;

}  // namespace

ClipPack::ClipPack(const std::filesystem::path& path) : file_(path) {
  if (file_.required_metadata(kKindKey) != kClipsKind) {
    throw Error(path.string() + ": is not a pack of clips", "'toonmirror train motion --clips' makes one");
  }
  frames_ = file_.tensor("frames");
  landmarks_ = file_.tensor("landmarks");
  if (!file_.contains("mesh")) {
    throw Error(path.string() + ": has no face meshes, as packs had none earlier",
                "move it away to have it made anew");
  }
  meshes_ = file_.tensor("mesh");
  const at::Tensor clip = file_.tensor("clip"), held_out = file_.tensor("held_out");
  const int64_t count = frames_.size(0);
  if (frames_.sizes() != std::vector<int64_t>{count, kSize_px, kSize_px, 3} ||
      landmarks_.sizes() != std::vector<int64_t>{count, 68, 2} ||
      meshes_.sizes() != std::vector<int64_t>{count, nets::kMeshPoints, 3} ||
      meshes_.scalar_type() != at::kFloat || clip.sizes() != std::vector<int64_t>{count} ||
      held_out.dim() != 1 || frames_.scalar_type() != at::kByte || landmarks_.scalar_type() != at::kFloat ||
      clip.scalar_type() != at::kLong || held_out.scalar_type() != at::kByte) {
    throw Error(path.string() + ": its tensors do not make clips of 256 px");
  }
  const auto clips = clip.accessor<int64_t, 1>();
  const auto flags = held_out.accessor<uint8_t, 1>();
  for (int64_t first = 0, next; first < count; first = next) {
    for (next = first; next < count && clips[next] == clips[first]; ++next) {
    }
    if (clips[first] < 0 || clips[first] >= held_out.size(0)) {
      throw Error(path.string() + ": a frame belongs to no clip");
    }
    (flags[clips[first]] ? held_out_ : training_).emplace_back(first, next - first);
  }
  if (training_.empty()) throw Error(path.string() + ": holds no clip to train on");
  const int64_t step = std::max<int64_t>(count / kMeshesForMean, 1);
  mirrored_points_ = mirror_partners(canonical_mesh(meshes_.slice(0, 0, count, step)));
  weigh_frames();
}

void ClipPack::weigh_frames() {
  const at::Tensor eyes = nets::eye_openings(meshes_).mean(1), mouths = nets::mouth_openings(meshes_);
  at::Tensor rare = at::zeros_like(eyes);
  for (const auto& [first, length] : training_) {
    for (const at::Tensor& opening : {eyes, mouths}) {
      const at::Tensor own = opening.slice(0, first, first + length);
      rare.slice(0, first, first + length).add_((own - own.median()).abs());
    }
  }
  const at::Tensor weights = (1.0 + kMoreOfRare * rare.clamp_max(kRarest)).to(at::kDouble).contiguous();
  weights_.assign(weights.data_ptr<double>(), weights.data_ptr<double>() + weights.numel());
}

Frames ClipPack::frames(const std::vector<int64_t>& rows) const {
  const at::Tensor index = at::tensor(rows, at::kLong);
  return {frames_.index_select(0, index).permute({0, 3, 1, 2}).to(at::kFloat).div_(255.0),
          landmarks_.index_select(0, index), meshes_.index_select(0, index)};
}

FramePairs ClipPack::random_pairs(int64_t count, std::mt19937_64& random) const {
  // Clips in proportion to the root of their length: long ones would drown the variety of people.
  std::vector<double> weights;
  for (const auto& [first, length] : training_) weights.push_back(std::sqrt(static_cast<double>(length)));
  std::discrete_distribution<size_t> pick_clip(weights.begin(), weights.end());
  std::vector<int64_t> rows;
  at::Tensor exposure = at::empty({count, 1, 1, 1});
  std::vector<bool> flip;
  std::uniform_real_distribution<double> symmetric(-1.0, 1.0);
  for (int64_t n = 0; n < count; ++n) {
    const auto [first, length] = training_[pick_clip(random)];
    std::discrete_distribution<int64_t> pick(weights_.begin() + first, weights_.begin() + first + length);
    rows.push_back(first + pick(random));
    rows.push_back(first + pick(random));
    exposure[n] = std::exp2(symmetric(random) * kMaxExposure);
    flip.push_back(symmetric(random) < 0);
  }
  Frames both = frames(rows);
  const at::Tensor partners = at::tensor(mirrored_points_, at::kLong);
  for (int64_t n = 0; n < count; ++n) {
    if (!flip[static_cast<size_t>(n)]) continue;
    for (int64_t i = 2 * n; i < 2 * n + 2; ++i) {
      both.pictures[i] = both.pictures[i].flip({2});
      both.landmarks[i] = mirrored_landmarks(both.landmarks[i]);
      both.meshes[i] = both.meshes[i].index_select(0, partners);
      both.meshes[i].select(1, 0).neg_();
    }
  }
  const auto half = [&](int64_t which) {
    return Frames{(both.pictures.slice(0, which, 2 * count, 2) * exposure)
                      .clamp_(0.0, 1.0)
                      .contiguous(at::MemoryFormat::ChannelsLast),
                  both.landmarks.slice(0, which, 2 * count, 2).contiguous(),
                  both.meshes.slice(0, which, 2 * count, 2).contiguous()};
  };
  return {half(0), half(1)};
}

}  // namespace toonmirror::training
