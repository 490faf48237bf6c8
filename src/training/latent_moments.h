// Holding the distribution of some latents to that of others by mean and covariance.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace toonmirror::training {

// The last so many latents.
class LatentMemory {
 public:
  explicit LatentMemory(int64_t capacity) : capacity_(capacity) {}

  // latents [N, w_dim]; their gradients are not remembered.
  void add(const at::Tensor& latents);
  bool full() const { return latents_.defined() && latents_.size(0) == capacity_; }
  // [up to capacity, w_dim], the oldest first; undefined while there are none.
  const at::Tensor& latents() const { return latents_; }

 private:
  int64_t capacity_;
  at::Tensor latents_;
};

// Squared distances, scalars.
struct MomentDistance {
  at::Tensor mean;    // of the means, in units of the wanted latents' total variance
  at::Tensor second;  // of the second moments about the wanted mean, in units of the wanted covariance's own
                      // squared (Frobenius) norm
};

// How far the distribution of `latents` [N, D] is from that of `wanted` [M, D], N, M > 1. As a mean over
// pairs of different latents (the unbiased maximum mean discrepancy of Gretton et al. 2012, "A Kernel
// Two-Sample Test", equation 3, with the kernels x·y and (x·y)²): the moments of few latents are much larger
// than those of the distribution they come from, and a distance of such moments would be least where the
// distribution is too narrow. So it is around 0 where both agree, and may be slightly negative.
// Differentiable in `latents`.
MomentDistance moment_distance(const at::Tensor& latents, const at::Tensor& wanted);

}  // namespace toonmirror::training
