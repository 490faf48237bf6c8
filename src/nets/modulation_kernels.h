// Inner loops of the generator, compiled once per instruction set and chosen at run time. Plain pointers,
// NHWC order. Element types: float, and bfloat16 held as its 16 bits. All sums are accumulated in float.
#pragma once

#include <cstdint>

namespace toonmirror::nets {

using Bfloat16Bits = uint16_t;

// The loops for one element type. `pixels` counts positions of one image; per-channel arguments belong to
// that image.
template <typename T>
struct ModulationKernels {
  // y = x · scale[c]
  void (*modulate)(const T* x, const float* scale, T* y, int64_t pixels, int64_t channels);
  // dx = g · scale[c]; dscale[c] += Σ g · x
  void (*modulate_backward)(const T* g, const T* x, const float* scale, T* dx, float* dscale, int64_t pixels,
                            int64_t channels);
  // v = x · scale[c] + bias[c]; y = v where v > 0, else slope · v
  void (*scale_bias_lrelu)(const T* x, const float* scale, const float* bias, float slope, T* y,
                           int64_t pixels, int64_t channels);
  // In place, for inference: v = x · scale[c] + noise[p] + bias[c]; v = v > 0 ? v : slope · v, at most
  // ±limit; x = v · after[c]. `noise` and `after` may be null: none.
  void (*finish_layer)(T* x, const float* scale, const float* noise, const float* bias, float slope,
                       float limit, const float* after, int64_t pixels, int64_t channels);
  // The gradient of scale_bias_lrelu: dx, dscale[c] +=, dbias[c] +=
  void (*scale_bias_lrelu_backward)(const T* g, const T* x, const float* scale, const float* bias,
                                    float slope, T* dx, float* dscale, float* dbias, int64_t pixels,
                                    int64_t channels);
  // rgb[p][o] = Σ_c x[p][c] · weight[o][c], o = 0..2
  void (*to_rgb)(const T* x, const float* weight, float* rgb, int64_t pixels, int64_t channels);
  // dx[p][c] = Σ_o g[p][o] · weight[o][c]; dweight[o][c] += Σ_p g[p][o] · x[p][c]
  void (*to_rgb_backward)(const float* g, const T* x, const float* weight, T* dx, float* dweight,
                          int64_t pixels, int64_t channels);
  // dot[p] = Σ_c x[p][c] · y[p][c]
  void (*channel_dot)(const T* x, const T* y, float* dot, int64_t pixels, int64_t channels);
  // dx[p][c] = g[p] · y[p][c]
  void (*channel_dot_backward)(const float* g, const T* y, T* dx, int64_t pixels, int64_t channels);
  // Output rows [row_begin, row_end) of upsample_2x (see modulation.h); `margin` is 0 or 1.
  void (*upsample)(const T* x, T* y, int64_t height, int64_t width, int64_t channels, int64_t margin,
                   int64_t row_begin, int64_t row_end);
  // Input rows [row_begin, row_end) of its adjoint.
  void (*upsample_backward)(const T* g, T* dx, int64_t height, int64_t width, int64_t channels,
                            int64_t margin, int64_t row_begin, int64_t row_end);
  // Pixels [first, first + count) of a row of filter_2x_and_finish (inference_passes.h) before its finish:
  // with s[i] = Σ_k weights[k] · rows[k][i], pixel x is ¼ s[x-1] + ¾ s[x] + ¾ s[x+1] + ¼ s[x+2]; s[-1] = 0.
  // `sums` is room for (count + 3) · channels numbers.
  void (*filter_2x)(const T* const* rows, const float* weights, float* sums, T* y, int64_t first,
                    int64_t count, int64_t channels);
  // One output channel of a convolution's weight: ready[t][i] = weight[i][t] · gain, squares[i] = Σ_t
  // weight[i][t]²
  void (*prepare_weight)(const float* weight, float gain, T* ready, float* squares, int64_t in, int64_t taps);
};

// The loops for this processor: AVX-512, AVX2, or the baseline.
template <typename T>
const ModulationKernels<T>& modulation_kernels();

}  // namespace toonmirror::nets
