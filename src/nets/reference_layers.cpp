#include "nets/reference_layers.h"

#include <array>

namespace toonmirror::nets::reference {
namespace {

constexpr std::array<int64_t, 2> kOne = {1, 1}, kNone = {0, 0};

// Every channel by outer([1,3,3,1])/16; `before` and `after` zeros on the sides.
at::Tensor filtered(const at::Tensor& x, int64_t before, int64_t after) {
  const at::Tensor taps = at::tensor({0.25, 0.75, 0.75, 0.25}, x.options());
  const at::Tensor padded = at::constant_pad_nd(x, {before, after, before, after});
  const at::Tensor each = padded.reshape({-1, 1, padded.size(2), padded.size(3)});
  const at::Tensor y = at::conv2d(each, at::outer(taps, taps).view({1, 1, 4, 4}));
  return y.view({x.size(0), x.size(1), y.size(2), y.size(3)});
}

}  // namespace

at::Tensor modulated_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& style,
                                 bool up) {
  const int64_t n = x.size(0), in = x.size(1), out = weight.size(0);
  at::Tensor modulated = weight.unsqueeze(0) * style.view({n, 1, in, 1, 1});
  modulated = modulated * (modulated.square().sum({2, 3, 4}, /*keepdim=*/true) + 1e-8).rsqrt();
  const at::Tensor together = x.reshape({1, n * in, x.size(2), x.size(3)});
  if (!up) {
    const at::Tensor y = at::conv2d(together, modulated.view({n * out, in, 3, 3}), {}, kOne, kOne, kOne, n);
    return y.view({n, out, y.size(2), y.size(3)});
  }
  const at::Tensor transposed = modulated.flip({3, 4}).transpose(1, 2).reshape({n * in, out, 3, 3});
  const at::Tensor y = at::conv_transpose2d(together, transposed, {}, 2, 0, 0, n);
  return filtered(y.view({n, out, y.size(2), y.size(3)}), 1, 1);
}

at::Tensor to_rgb(const at::Tensor& x, const at::Tensor& weight) {
  const int64_t n = x.size(0), in = x.size(1);
  const at::Tensor y = at::conv2d(x.reshape({1, n * in, x.size(2), x.size(3)}),
                                  weight.view({n * 3, in, 1, 1}), {}, kOne, kNone, kOne, n);
  return y.view({n, 3, y.size(2), y.size(3)});
}

at::Tensor upsample_2x(const at::Tensor& x) {
  at::Tensor spread = at::zeros({x.size(0), x.size(1), 2 * x.size(2), 2 * x.size(3)}, x.options());
  spread.slice(2, 0, spread.size(2), 2).slice(3, 0, spread.size(3), 2).copy_(x);
  return filtered(spread, 2, 1);
}

}  // namespace toonmirror::nets::reference
