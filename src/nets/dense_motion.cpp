#include "nets/dense_motion.h"

#include <ATen/native/GridSamplerUtils.h>

namespace toonmirror::nets {
namespace {

PreparedConv2d head(int64_t in, int64_t out) {
  return PreparedConv2d(torch::nn::Conv2dOptions(in, out, 7).padding(3));
}

// z ↦ p_source + J_source · J_driving⁻¹ · (z − p_driving), equation 4, after the identity for the background:
// [N, K + 1, h, w, 2].
at::Tensor sparse_motions(const KeyPoints& source, const KeyPoints& driving, int64_t h, int64_t w) {
  // Under mixed precision a place would be known to half a pixel only.
  const c10::impl::ExcludeDispatchKeyGuard in_float(c10::autocast_dispatch_keyset);
  const int64_t n = driving.value.size(0), k = driving.value.size(1);
  const at::Tensor grid = coordinate_grid(h, w, driving.value.options());
  at::Tensor moved = grid.view({1, 1, h * w, 2}) - driving.value.unsqueeze(2);
  if (source.jacobian.defined() && driving.jacobian.defined()) {
    const at::Tensor matrix = at::matmul(source.jacobian.to(at::kDouble), inverse_2x2(driving.jacobian));
    moved = at::matmul(moved, matrix.to(moved.scalar_type()).transpose(2, 3));  // places are rows
  }
  moved = moved + source.value.unsqueeze(2);
  return at::cat({grid.view({1, 1, h, w, 2}).expand({n, 1, h, w, 2}), moved.view({n, k, h, w, 2})}, 1);
}

}  // namespace

at::Tensor gaussians(const at::Tensor& points, int64_t h, int64_t w, double variance) {
  // The exponential of a sum is a product: two lines a key point instead of a picture.
  const at::Tensor grid = coordinate_grid(h, w, points.options());
  const auto line = [&](const at::Tensor& places, int64_t coordinate) {
    const at::Tensor away = places - points.select(2, coordinate).unsqueeze(2);
    return at::exp(away.square() * (-0.5 / variance));
  };
  const at::Tensor x = line(grid.select(0, 0).select(1, 0), 0), y = line(grid.select(1, 0).select(1, 1), 1);
  return y.unsqueeze(3) * x.unsqueeze(2);
}

at::Tensor sample(const at::Tensor& picture, const at::Tensor& grid, bool align_corners) {
  // Features may be of another precision than the grid: an avatar pack's are of the machine that made it.
  return at::grid_sampler(picture.to(grid.scalar_type()), grid,
                          static_cast<int64_t>(at::native::GridSamplerInterpolation::Bilinear),
                          static_cast<int64_t>(at::native::GridSamplerPadding::Zeros), align_corners);
}

DenseMotionNetworkImpl::DenseMotionNetworkImpl(const MotionModelOptions& options)
    : kp_variance_(options.generator.dense_motion.kp_variance) {
  const HourglassOptions& hourglass = options.generator.dense_motion.hourglass;
  const int64_t motions = options.num_kp + 1;
  hourglass_ = register_module("hourglass", Hourglass(hourglass, motions * (options.num_channels + 1)));
  mask_ = register_module("mask", head(hourglass_->width(), motions));
  if (options.generator.estimate_occlusion_map) {
    occlusion_ = register_module("occlusion", head(hourglass_->width(), 1));
  }
  if (hourglass.scale_factor < 1.0) {
    down_ = register_module("down", AntiAliasDownscale(options.num_channels, hourglass));
  }
}

DenseMotion DenseMotionNetworkImpl::forward(const at::Tensor& small_source, const KeyPoints& source,
                                            const KeyPoints& driving, bool align_corners) {
  const int64_t n = driving.count(), motions = driving.value.size(1) + 1;
  const int64_t channels = small_source.size(1), h = small_source.size(2), w = small_source.size(3);
  DenseMotion result;
  const at::Tensor changes =
      gaussians(driving.value, h, w, kp_variance_) - gaussians(source.value, h, w, kp_variance_);
  result.heatmap = at::cat({at::zeros({n, 1, h, w}, changes.options()), changes}, 1);
  result.sparse_motion = sparse_motions(source, driving, h, w);
  // All motions of a picture at once, one below the other.
  result.sparse_deformed = sample(small_source.expand({n, channels, h, w}),
                                  result.sparse_motion.view({n, motions * h, w, 2}), align_corners)
                               .reshape({n, channels, motions, h, w})
                               .transpose(1, 2);
  const at::Tensor input = at::cat({result.heatmap.unsqueeze(2), result.sparse_deformed}, 2);
  const at::Tensor features = hourglass_->forward(input.reshape({n, motions * (channels + 1), h, w}));
  result.mask = at::softmax(mask_->forward(features).to(at::kFloat), 1);
  result.deformation = (result.sparse_motion * result.mask.unsqueeze(4)).sum(1);
  if (occlusion_) result.occlusion = at::sigmoid(occlusion_->forward(features).to(at::kFloat));
  return result;
}

void DenseMotionNetworkImpl::prepare(at::ScalarType type) {
  hourglass_->prepare(type);
  mask_->prepare(type);
  if (occlusion_) occlusion_->prepare(type);
}

}  // namespace toonmirror::nets
