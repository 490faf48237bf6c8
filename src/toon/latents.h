// Faces as numbers on disk: projected once, drawn in any style of their family, edited, mixed.
//   A .safetensors file with metadata toonmirror.kind = "latent" and toonmirror.family, and the tensors
//   ws              [N, rows, w_dim] float, W+
//   likeness.R      [N, C, R, R] half, the likeness features at resolution R, where the encoder gave some
#pragma once

#include <filesystem>
#include <string>

#include "nets/stylegan2.h"

namespace toonmirror::toon {

struct SavedLatents {
  at::Tensor ws;
  nets::LikenessFeatures features;
  std::string family;   // of the generators it fits; empty: those of a public checkpoint
  std::string made_by;  // how, for people
};

// Throws Error where the file cannot be written.
void save_latents(const std::filesystem::path& path, const SavedLatents& latents);

// Also reads W+ of other programs: a checkpoint of one tensor [rows, w_dim] or [1, rows, w_dim], whatever its
// name. Throws Error where the file holds no latents or their shapes contradict each other.
SavedLatents load_latents(const std::filesystem::path& path);

// Throws Error, saying what differs, unless the latents fit the generator. `family` is the generator's.
void check_latents(const SavedLatents& latents, const nets::GeneratorOptions& generator,
                   const std::string& family, const std::filesystem::path& path);

// A direction in W or W+ that changes one attribute (Shen et al. 2020, "InterFaceGAN"; the .pt files of
// omertov/encoder4editing, editings/): a checkpoint of one tensor of w_dim or rows · w_dim numbers. Returned
// as [1, 1 or rows, w_dim]. Throws Error for anything else, and for one that names another family than the
// latents that it is for; an empty `family` fits all.
at::Tensor load_direction(const std::filesystem::path& path, int64_t rows, int64_t w_dim,
                          const std::string& family = "");

}  // namespace toonmirror::toon
