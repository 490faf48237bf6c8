// Frames of video clips in one memory-mapped .safetensors, as `toonmirror train motion` writes them:
//   frames     U8 [F, 256, 256, 3]  RGB, every clip seen through one fixed square around its face
//   landmarks  F32 [F, 68, 2]       x, y in pixels of the frame
//   mesh       F32 [F, 478, 3]      nets/face_mesh_points.h: x and y from -1 to 1 between the frame's corner pixels
//   clip       I64 [F]              which clip a frame belongs to, rising
//   held_out   U8 [C]               1: a clip that is never trained on
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <utility>
#include <vector>

#include "checkpoint/safetensors.h"

namespace toonmirror::training {

inline constexpr const char* kClipsKind = "clips";

// Frames, RGB in [0, 1], channels-last, and their landmarks.
struct Frames {
  at::Tensor pictures;   // [N, 3, 256, 256]
  at::Tensor landmarks;  // [N, 68, 2] pixels
  at::Tensor meshes;     // [N, 478, 3]
};

// Frames by two of the same clip: one is to be moved so that it becomes the other.
struct FramePairs {
  Frames source, driving;
};

class ClipPack {
 public:
  // Throws Error naming the file when it is not a pack of clips or its tensors disagree.
  explicit ClipPack(const std::filesystem::path& path);

  // First frame and number of frames of every clip.
  using Range = std::pair<int64_t, int64_t>;
  const std::vector<Range>& training_clips() const { return training_; }
  const std::vector<Range>& held_out_clips() const { return held_out_; }

  Frames frames(const std::vector<int64_t>& rows) const;
  // Two frames each of `count` training clips, mirrored for half of the pairs and with their light varied,
  // both alike. Frames whose eyes or mouth are open as they rarely are in their clip come more often.
  FramePairs random_pairs(int64_t count, std::mt19937_64& random) const;

 private:
  checkpoint::SafetensorsFile file_;
  void weigh_frames();

  at::Tensor frames_, landmarks_, meshes_;
  std::vector<Range> training_, held_out_;
  std::vector<double> weights_;           // of frames
  std::vector<int64_t> mirrored_points_;  // which of a mesh a mirror shows where
};

}  // namespace toonmirror::training
