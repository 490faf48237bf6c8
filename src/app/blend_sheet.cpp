#include "app/blend_sheet.h"

#include <ATen/Parallel.h>

#include "base/interrupt.h"
#include "base/progress.h"
#include "nets/blending.h"
#include "nets/model_file.h"
#include "toon/seeds.h"

namespace toonmirror::app {

SeedPainter::SeedPainter(const nets::GeneratorOptions& architecture, std::vector<uint32_t> seeds, double psi,
                         const engine::Compute& compute)
    : seeds_(std::move(seeds)), psi_(psi), compute_(compute), generator_(architecture) {
  at::set_num_threads(compute_.threads);
}

std::vector<at::Tensor> SeedPainter::draw(const checkpoint::NamedTensors& tensors, const std::string& where) {
  const at::NoGradGuard no_grad;
  nets::assign_tensors(*generator_, tensors, where);
  generator_->prepare(compute_.precision);
  nets::SynthesisOptions options;
  options.compute_type = compute_.precision;
  std::vector<at::Tensor> pictures;
  for (const uint32_t seed : seeds_) {
    throw_if_interrupted();
    const at::Tensor z = toon::latent_of_seed(seed, generator_->options().z_dim);
    pictures.push_back(generator_->synthesize(generator_->map(z, psi_), {}, options)[0]);
  }
  return pictures;
}

at::Tensor grid_of_columns(const std::vector<std::vector<at::Tensor>>& columns) {
  std::vector<at::Tensor> pictures;
  for (size_t row = 0; row < columns.front().size(); ++row) {
    for (const std::vector<at::Tensor>& column : columns) pictures.push_back(column[row]);
  }
  return toon::picture_grid(pictures, static_cast<int64_t>(columns.size()));
}

at::Tensor blend_sheet(SeedPainter& painter, const nets::GeneratorOptions& architecture,
                       const checkpoint::NamedTensors& low, const checkpoint::NamedTensors& high, int level,
                       double width, const std::string& name) {
  std::vector<int64_t> splits;
  for (int64_t r = 8; r < architecture.resolution; r *= 2) splits.push_back(r);
  Progress progress({.label = name,
                     .unit = "blends",
                     .rate_unit = "blends/s",
                     .total = static_cast<int64_t>(2 * (splits.size() + 2))});
  std::vector<at::Tensor> halves;
  for (const auto& [coarse, fine] : {std::pair{&low, &high}, {&high, &low}}) {
    std::vector<std::vector<at::Tensor>> columns;
    const auto add = [&](const checkpoint::NamedTensors& tensors) {
      columns.push_back(painter.draw(tensors, name));
      progress.advance();
    };
    add(*coarse);
    for (const int64_t split : splits) {
      const nets::BlendPlan plan = nets::pinkney_plan(architecture, split, level, width);
      add(nets::blend_tensors(*coarse, *fine, plan));
    }
    add(*fine);
    halves.push_back(grid_of_columns(columns));
  }
  return at::cat(halves, /*dim=*/1);
}

}  // namespace toonmirror::app
