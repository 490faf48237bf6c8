// Pictures of seeds drawn by blends of two generators.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "engine/compute.h"
#include "nets/stylegan2.h"

namespace toonmirror::app {

// Draws seeds, one after the other, with any weights of one architecture.
class SeedPainter {
 public:
  // Sets the threads of LibTorch.
  SeedPainter(const nets::GeneratorOptions& architecture, std::vector<uint32_t> seeds, double psi,
              const engine::Compute& compute);

  size_t seed_count() const { return seeds_.size(); }

  // One picture a seed, [3, R, R]. `where` begins what is said of tensors that do not fit. Throws Error,
  // Interrupted.
  std::vector<at::Tensor> draw(const checkpoint::NamedTensors& tensors, const std::string& where);

 private:
  std::vector<uint32_t> seeds_;
  double psi_;
  engine::Compute compute_;
  nets::Generator generator_;
};

// One column after the other, each a picture a seed → a grid [3, H, W] with a row for each seed.
at::Tensor grid_of_columns(const std::vector<std::vector<at::Tensor>>& columns);

// Rows: seeds, once with the coarse layers of `low` and once more, under them, with the two swapped. Columns:
// the network that gives the coarse layers, blends at every resolution from 8 px on (nets::pinkney_plan with
// `level` and `width`), the other network. Shows its progress under `name`.
at::Tensor blend_sheet(SeedPainter& painter, const nets::GeneratorOptions& architecture,
                       const checkpoint::NamedTensors& low, const checkpoint::NamedTensors& high, int level,
                       double width, const std::string& name);

}  // namespace toonmirror::app
