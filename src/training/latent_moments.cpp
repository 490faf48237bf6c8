#include "training/latent_moments.h"

#include <algorithm>

namespace toonmirror::training {
namespace {

// Of products [N, N]: over those of different latents.
at::Tensor mean_of_pairs(const at::Tensor& products) {
  const auto n = static_cast<double>(products.size(0));
  return (products.sum() - products.trace()) / (n * (n - 1.0));
}

}  // namespace

void LatentMemory::add(const at::Tensor& latents) {
  const at::Tensor all = latents_.defined() ? at::cat({latents_, latents.detach()}) : latents.detach();
  const int64_t count = std::min(capacity_, all.size(0));
  latents_ = all.narrow(0, all.size(0) - count, count).contiguous();
}

MomentDistance moment_distance(const at::Tensor& latents, const at::Tensor& wanted) {
  const at::Tensor centre = wanted.mean(0);
  const at::Tensor x = latents - centre, y = wanted - centre;
  const at::Tensor xx = at::matmul(x, x.t()), xy = at::matmul(x, y.t()), yy = at::matmul(y, y.t());
  const at::Tensor variance = yy.trace() / static_cast<double>(wanted.size(0));
  const at::Tensor norm = mean_of_pairs(yy.square());
  return {(mean_of_pairs(xx) + mean_of_pairs(yy) - 2.0 * xy.mean()) / variance,
          (mean_of_pairs(xx.square()) + norm - 2.0 * xy.square().mean()) / norm};
}

}  // namespace toonmirror::training
