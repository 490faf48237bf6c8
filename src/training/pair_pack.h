// Training pairs in one memory-mapped .safetensors, as `toonmirror teach` writes them:
//   photos     U8 [N, 256, 256, 3]  RGB, FFHQ-aligned
//   inputs     U8 [N, 256, 256, 3]  the photos in the shapes of the targets (face/cartoon_geometry.h), what
//   the encoder sees;
//                                   absent: the photos
//   targets    U8 [N, T, T, 3]      the teacher's pictures, T = 256 or 512; absent when the photo is its own
//   target
//   labels     U8 [N, 256, 256]     face classes (nets::FaceClass) of the photo
//   target_labels  U8 [N, 256, 256]  the same of the teacher's picture; absent as targets are
//   landmarks  F32 [N, 68, 2]       x, y in pixels of the photo
//   held_out   U8 [N]               1: never trained on, used for figures and sheets
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <vector>

#include "checkpoint/safetensors.h"

namespace toonmirror::training {

inline constexpr const char* kPairsKind = "pairs";

// Pictures are float, RGB in [-1, 1], channels-last.
struct Batch {
  at::Tensor photo;          // [N, 3, 256, 256]
  at::Tensor input;          // [N, 3, 256, 256], for the encoder
  at::Tensor target;         // [N, 3, T, T]
  at::Tensor labels;         // [N, 256, 256] int64, of the photo
  at::Tensor target_labels;  // [N, 256, 256] int64, of the target
  at::Tensor landmarks;      // [N, 68, 2] float, of the photo
};

// How a training pair is varied; photo, target and labels alike.
struct Augmentation {
  bool mirror = true;
  double max_rotation_deg = 4.0;
  double max_zoom = 0.05;      // ± share of the size
  double max_shift = 0.02;     // ± share of the size
  double max_exposure = 0.15;  // ± in powers of two, photo and target alike
};

// As many rows as a sheet has columns, or all if they are fewer.
std::vector<int64_t> first_rows(const std::vector<int64_t>& rows);

class PairPack {
 public:
  // Throws Error naming the file when it is not a pack of pairs or its tensors disagree.
  explicit PairPack(const std::filesystem::path& path);

  const std::vector<int64_t>& training_rows() const { return training_rows_; }
  const std::vector<int64_t>& held_out_rows() const { return held_out_rows_; }
  int64_t target_px() const { return targets_.size(1); }

  // The rows as they are.
  Batch batch(const std::vector<int64_t>& rows) const;
  // All of `rows` in their order, at most `size` at a time.
  void for_each_batch(const std::vector<int64_t>& rows, size_t size,
                      const std::function<void(const Batch&)>& body) const;
  // What sheets show: the first pairs that are held out, or of all where none are.
  Batch shown() const;
  // `size` rows drawn from the training rows, varied.
  Batch random_batch(int64_t size, const Augmentation& augmentation, std::mt19937_64& random) const;

 private:
  checkpoint::SafetensorsFile file_;
  at::Tensor photos_, inputs_, targets_, labels_, target_labels_, landmarks_;
  std::vector<int64_t> training_rows_, held_out_rows_;
};

}  // namespace toonmirror::training
