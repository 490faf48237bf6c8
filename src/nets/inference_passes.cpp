#include "nets/inference_passes.h"

#include "nets/activations.h"

namespace toonmirror::nets {
namespace {

constexpr float kSlope = 0.2f;

// Row `image` of [N, C] or [1, …]; null for undefined tensors.
const float* row(const at::Tensor& x, int64_t image) {
  if (!x.defined()) return nullptr;
  return data<float>(x) + (x.size(0) == 1 ? 0 : image * (x.numel() / x.size(0)));
}

// Several pixels of few channels are one of many: loops over channels are worth their start then. How many
// fit `pixels` evenly; 1 where there are channels enough.
int64_t pixels_at_once(int64_t pixels, int64_t channels) {
  constexpr int64_t kVector = 32, kEnough = 192;
  int64_t count = 1;
  while (count * channels < kEnough && pixels % (2 * count) == 0) count *= 2;
  return (count * channels) % kVector == 0 ? count : 1;
}

// Each row of [N, C] that many times: [N, count · C].
at::Tensor repeated(const at::Tensor& rows, int64_t count) {
  return !rows.defined() || count == 1 ? rows : rows.repeat({1, count});
}

at::Tensor plain_or_none(const at::Tensor& x) { return x.defined() ? plain_float(x) : x; }

// x [N, C, H, W], channels-last.
void finish_rows(const at::Tensor& x, const LayerFinish& finish) {
  const at::Tensor scale = plain_float(finish.scale), bias = plain_float(finish.bias);
  const at::Tensor noise = plain_or_none(finish.noise), after = plain_or_none(finish.after);
  const int64_t channels = x.size(1);
  const Pieces pieces(x);
  for_type(x, [&](auto type) {
    using T = decltype(type);
    pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
      const float* plane = row(noise, image);
      modulation_kernels<T>().finish_layer(data<T>(x) + (image * pieces.pixels + first) * channels,
                                           row(scale, image), plane == nullptr ? nullptr : plane + first,
                                           data<float>(bias), kSlope, static_cast<float>(finish.limit),
                                           row(after, image), count, channels);
    });
  });
}

}  // namespace

void finish_layer(const at::Tensor& x, const LayerFinish& finish) {
  TORCH_CHECK(has_kernels(x) && x.is_contiguous(at::MemoryFormat::ChannelsLast), "finish_layer: x");
  const int64_t pixels = x.size(2) * x.size(3);
  // Noise is a number for each pixel: those stay apart.
  const int64_t together = finish.noise.defined() ? 1 : pixels_at_once(pixels, x.size(1));
  if (together > 1) {
    const LayerFinish wide = {repeated(finish.scale, together),
                              {},
                              repeated(finish.bias.unsqueeze(0), together)[0],
                              finish.limit,
                              repeated(finish.after, together)};
    finish_rows(x.permute({0, 2, 3, 1})
                    .view({x.size(0), pixels / together, 1, x.size(1) * together})
                    .permute({0, 3, 1, 2}),
                wide);
    return;
  }
  finish_rows(x, finish);
}

at::Tensor upsample_2x_modulated(const at::Tensor& x_any, const at::Tensor& scale_any, int64_t margin) {
  TORCH_CHECK(has_kernels(x_any), "upsample_2x_modulated: x");
  const at::Tensor x = channels_last(x_any), scale = plain_float(scale_any);
  const int64_t height = x.size(2), width = x.size(3), channels = x.size(1);
  const int64_t out_height = 2 * height + 2 * margin, out_width = 2 * width + 2 * margin;
  at::Tensor y =
      at::empty({x.size(0), channels, out_height, out_width}, x.options(), at::MemoryFormat::ChannelsLast);
  for_type(x, [&](auto type) {
    using T = decltype(type);
    at::parallel_for(0, x.size(0) * out_height, 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = i / out_height, line = i % out_height;
        modulation_kernels<T>().upsample(data<T>(x) + image * height * width * channels, row(scale, image),
                                         data<T>(y) + image * out_height * out_width * channels, height,
                                         width, channels, margin, line, line + 1);
      }
    });
  });
  return y;
}

}  // namespace toonmirror::nets
