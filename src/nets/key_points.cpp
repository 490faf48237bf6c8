#include "nets/key_points.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kKernel_px = 7;

}  // namespace

KeyPoints KeyPoints::towards(const KeyPoints& other, double share) const {
  const auto between = [share](const at::Tensor& a, const at::Tensor& b) {
    return a.defined() && b.defined() ? at::lerp(a, b, share) : at::Tensor();
  };
  return {between(value, other.value), between(jacobian, other.jacobian), between(mesh, other.mesh)};
}

KeyPointDetectorImpl::KeyPointDetectorImpl(const MotionModelOptions& options)
    : temperature_(options.kp_detector.temperature) {
  const KeyPointDetectorOptions& detector = options.kp_detector;
  predictor_ = register_module("predictor", Hourglass(detector.hourglass, options.num_channels));
  const auto head = [&](int64_t out) {
    return PreparedConv2d(
        torch::nn::Conv2dOptions(predictor_->width(), out, kKernel_px).padding(detector.pad));
  };
  kp_ = register_module("kp", head(options.learned_kp()));
  if (options.estimate_jacobian) {
    jacobian_ =
        register_module("jacobian", head(detector.single_jacobian_map ? 4 : 4 * options.learned_kp()));
    const at::NoGradGuard no_grad;  // training begins with identities
    jacobian_->weight.zero_();
    jacobian_->bias.view({-1, 2, 2}).copy_(at::eye(2));
  }
  if (detector.hourglass.scale_factor < 1.0) {
    down_ = register_module("down", AntiAliasDownscale(options.num_channels, detector.hourglass));
  }
}

KeyPoints KeyPointDetectorImpl::forward(const at::Tensor& picture, KeyPointMaps* maps) {
  const at::Tensor input = down_ ? down_->forward(picture) : picture;
  const at::Tensor features = predictor_->forward(input);
  const at::Tensor logits = kp_->forward(features).to(at::kFloat);
  const at::Tensor matrix_maps = jacobian_ ? jacobian_->forward(features).to(at::kFloat) : at::Tensor();
  // Places are sums of small differences: mixed precision must leave them their digits.
  const c10::impl::ExcludeDispatchKeyGuard in_float(c10::autocast_dispatch_keyset);
  const int64_t n = logits.size(0), k = logits.size(1), h = logits.size(2), w = logits.size(3);
  const at::Tensor weights = at::softmax(logits.contiguous().view({n, k, h * w}) / temperature_, 2);
  KeyPoints result;
  result.value = at::matmul(weights, coordinate_grid(h, w, logits.options()).view({h * w, 2}));
  if (jacobian_) {
    // [N, K or 1, 4, places] · [N, K, places, 1]
    const at::Tensor matrices = matrix_maps.contiguous().view({n, -1, 4, h * w});
    result.jacobian = at::matmul(matrices, weights.unsqueeze(3)).view({n, k, 2, 2});
  }
  if (maps != nullptr) *maps = {input, features, logits};
  return result;
}

void KeyPointDetectorImpl::prepare(at::ScalarType type) {
  predictor_->prepare(type);
  kp_->prepare(type);
  if (jacobian_) jacobian_->prepare(type);
}

at::Tensor inverse_2x2(const at::Tensor& matrices) {
  constexpr double kLeastDeterminant = 1e-12;
  const at::Tensor m = matrices.to(at::kDouble);
  const auto entry = [&](int64_t row, int64_t column) { return m.select(-2, row).select(-1, column); };
  const at::Tensor a = entry(0, 0), b = entry(0, 1), c = entry(1, 0), d = entry(1, 1);
  at::Tensor determinant = a * d - b * c;
  determinant = at::where(determinant.abs() < kLeastDeterminant,
                          at::full_like(determinant, kLeastDeterminant), determinant);
  return at::stack({d, -b, -c, a}, -1).div(determinant.unsqueeze(-1)).view(m.sizes());
}

}  // namespace toonmirror::nets
