#include "nets/upsampling_convolution.h"

namespace toonmirror::nets {

void UpsamplingConvolution::prepare(const at::Tensor& weight, at::ScalarType type) {
  // The transposed convolution's result at row 2m is x[m-1]·w[0] + x[m]·w[2], and at 2m+1 x[m]·w[1]; columns
  // likewise.
  const at::NoGradGuard no_grad;
  const at::Tensor w = weight.detach().to(type);
  const int64_t out = w.size(0), in = w.size(1);
  const auto memory = at::MemoryFormat::ChannelsLast;
  const at::Tensor even = at::empty({2 * out, in, 2, 2}, w.options(), memory);
  const at::Tensor odd = at::empty({2 * out, in, 1, 2}, w.options(), memory);
  const auto fill = [&](const at::Tensor& kernel, int64_t kernel_row, int64_t row) {
    const at::Tensor taps = kernel.select(2, kernel_row), from = w.select(2, row);  // [.., I, columns]
    const at::Tensor even_column = taps.narrow(0, 0, out), odd_column = taps.narrow(0, out, out);
    even_column.select(2, 0).copy_(from.select(2, 0));
    even_column.select(2, 1).copy_(from.select(2, 2));
    odd_column.select(2, 0).zero_();
    odd_column.select(2, 1).copy_(from.select(2, 1));
  };
  fill(even, 0, 0);
  fill(even, 1, 2);
  fill(odd, 0, 1);
  even_rows_.prepare(even, {}, type, {.padding = {1, 1}});
  odd_rows_.prepare(odd, {}, type, {.padding = {0, 1}});
}

at::Tensor UpsamplingConvolution::operator()(const at::Tensor& x, const LayerFinish& finish) const {
  return filter_2x_and_finish(even_rows_(x), odd_rows_(x), finish);
}

}  // namespace toonmirror::nets
