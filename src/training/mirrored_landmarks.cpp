#include "training/mirrored_landmarks.h"

#include <array>

namespace toonmirror::training {
namespace {

constexpr double kSize_px = 256;

// Which point of the iBUG 68 lies where a mirror shows point i.
std::array<int64_t, 68> mirror_partners() {
  std::array<int64_t, 68> partner{};
  const auto exchange = [&partner](int64_t a, int64_t b) {
    partner[static_cast<size_t>(a)] = b;
    partner[static_cast<size_t>(b)] = a;
  };
  for (int64_t i = 0; i < 68; ++i) partner[static_cast<size_t>(i)] = i;
  for (int64_t i = 0; i < 8; ++i) exchange(i, 16 - i);       // jaw
  for (int64_t i = 0; i < 5; ++i) exchange(17 + i, 26 - i);  // brows
  for (int64_t i = 0; i < 2; ++i) exchange(31 + i, 35 - i);  // nostrils
  for (int64_t i = 0; i < 4; ++i) exchange(36 + i, 45 - i);  // upper lids and corners
  for (int64_t i = 0; i < 2; ++i) exchange(40 + i, 47 - i);  // lower lids
  for (int64_t i = 0; i < 3; ++i) exchange(48 + i, 54 - i);  // upper lip
  for (int64_t i = 0; i < 2; ++i) exchange(55 + i, 59 - i);  // lower lip
  for (int64_t i = 0; i < 2; ++i) exchange(60 + i, 64 - i);  // inside
  exchange(65, 67);
  return partner;
}

}  // namespace

at::Tensor renamed_after_mirroring(const at::Tensor& landmarks) {
  static const std::array<int64_t, 68> kPartners = mirror_partners();
  const at::Tensor index = at::tensor(at::ArrayRef<int64_t>(kPartners.data(), kPartners.size()));
  return landmarks.index_select(landmarks.dim() - 2, index);
}

at::Tensor mirrored_landmarks(const at::Tensor& landmarks) {
  at::Tensor result = renamed_after_mirroring(landmarks);
  result.select(-1, 0).neg_().add_(kSize_px - 1);
  return result;
}

}  // namespace toonmirror::training
