// Compiled several times, each with other instruction-set flags and another TOONMIRROR_KERNEL_SET. Includes
// nothing that holds inline functions of other libraries: the linker would be free to keep a copy the
// processor cannot run.
#include "nets/modulation_kernels.h"

namespace toonmirror::nets {
namespace {

inline float load(float value) { return value; }
inline float load(Bfloat16Bits bits) { return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16); }
inline void store(float& out, float value) { out = value; }
inline void store(Bfloat16Bits& out, float value) {
  // Round to nearest even, as LibTorch does.
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  out = static_cast<Bfloat16Bits>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

template <typename T>
void modulate(const T* __restrict x, const float* __restrict scale, T* __restrict y, int64_t pixels,
              int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; ++c) store(y[c], load(x[c]) * scale[c]);
  }
}

template <typename T>
void modulate_backward(const T* __restrict g, const T* __restrict x, const float* __restrict scale,
                       T* __restrict dx, float* __restrict dscale, int64_t pixels, int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, g += channels, x += channels, dx += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const float gradient = load(g[c]);
      dscale[c] += gradient * load(x[c]);
      store(dx[c], gradient * scale[c]);
    }
  }
}

template <typename T>
void scale_bias_lrelu(const T* __restrict x, const float* __restrict scale, const float* __restrict bias,
                      float slope, T* __restrict y, int64_t pixels, int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const float value = load(x[c]) * scale[c] + bias[c];
      store(y[c], value > 0 ? value : slope * value);
    }
  }
}

template <typename T>
void finish_layer(T* x, const float* __restrict scale, const float* __restrict noise,
                  const float* __restrict bias, float slope, float limit, const float* __restrict after,
                  int64_t pixels, int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels) {
    const float n = noise == nullptr ? 0.0f : noise[p];
    const auto finished = [&](int64_t c) {
      const float value = load(x[c]) * scale[c] + (bias[c] + n);
      const float active = value > 0 ? value : slope * value;
      const float low = active < limit ? active : limit;
      return low > -limit ? low : -limit;
    };
    if (after == nullptr) {
      for (int64_t c = 0; c < channels; ++c) store(x[c], finished(c));
    } else {
      for (int64_t c = 0; c < channels; ++c) store(x[c], finished(c) * after[c]);
    }
  }
}

template <typename T>
void scale_bias_lrelu_backward(const T* __restrict g, const T* __restrict x, const float* __restrict scale,
                               const float* __restrict bias, float slope, T* __restrict dx,
                               float* __restrict dscale, float* __restrict dbias, int64_t pixels,
                               int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, g += channels, x += channels, dx += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const float input = load(x[c]);
      const float gradient = load(g[c]) * (input * scale[c] + bias[c] > 0 ? 1.0f : slope);
      dscale[c] += gradient * input;
      dbias[c] += gradient;
      store(dx[c], gradient * scale[c]);
    }
  }
}

template <typename T>
void to_rgb(const T* __restrict x, const float* __restrict weight, float* __restrict rgb, int64_t pixels,
            int64_t channels) {
  const float* red = weight;
  const float* green = weight + channels;
  const float* blue = weight + 2 * channels;
  for (int64_t p = 0; p < pixels; ++p, x += channels, rgb += 3) {
    float r = 0, g = 0, b = 0;
    for (int64_t c = 0; c < channels; ++c) {
      const float value = load(x[c]);
      r += value * red[c];
      g += value * green[c];
      b += value * blue[c];
    }
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
  }
}

template <typename T>
void to_rgb_backward(const float* __restrict g, const T* __restrict x, const float* __restrict weight,
                     T* __restrict dx, float* __restrict dweight, int64_t pixels, int64_t channels) {
  float* __restrict dred = dweight;
  float* __restrict dgreen = dweight + channels;
  float* __restrict dblue = dweight + 2 * channels;
  for (int64_t p = 0; p < pixels; ++p, g += 3, x += channels, dx += channels) {
    for (int64_t c = 0; c < channels; ++c) {
      const float value = load(x[c]);
      dred[c] += g[0] * value;
      dgreen[c] += g[1] * value;
      dblue[c] += g[2] * value;
      store(dx[c], g[0] * weight[c] + g[1] * weight[channels + c] + g[2] * weight[2 * channels + c]);
    }
  }
}

template <typename T>
void channel_dot(const T* __restrict x, const T* __restrict y, float* __restrict dot, int64_t pixels,
                 int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    float sum = 0;
    for (int64_t c = 0; c < channels; ++c) sum += load(x[c]) * load(y[c]);
    dot[p] = sum;
  }
}

template <typename T>
void channel_dot_backward(const float* __restrict g, const T* __restrict y, T* __restrict dx, int64_t pixels,
                          int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, y += channels, dx += channels) {
    for (int64_t c = 0; c < channels; ++c) store(dx[c], g[p] * load(y[c]));
  }
}

// One output coordinate of the 2x filter: near · x[near_index] + far · x[far_index]; a weight is 0 outside
// the picture.
struct Taps {
  int64_t near_index, far_index;
  float near, far;
};
inline Taps taps_at(int64_t out, int64_t size) {
  const int64_t near = out >> 1;                        // floor: out = -1 lies on input -1
  const int64_t far = (out & 1) ? near + 1 : near - 1;  // the closer of the two neighbours
  const bool near_inside = near >= 0 && near < size;
  const bool far_inside = far >= 0 && far < size;
  return {near_inside ? near : 0, far_inside ? far : 0, near_inside ? 0.75f : 0.0f,
          far_inside ? 0.25f : 0.0f};
}

template <typename T>
void upsample(const T* __restrict x, T* __restrict y, int64_t height, int64_t width, int64_t channels,
              int64_t margin, int64_t row_begin, int64_t row_end) {
  const int64_t out_width = 2 * width + 2 * margin;
  for (int64_t row = row_begin; row < row_end; ++row) {
    const Taps v = taps_at(row - margin, height);
    const T* __restrict near_row = x + v.near_index * width * channels;
    const T* __restrict far_row = x + v.far_index * width * channels;
    T* __restrict out = y + row * out_width * channels;
    for (int64_t column = 0; column < out_width; ++column, out += channels) {
      const Taps h = taps_at(column - margin, width);
      const T* __restrict a = near_row + h.near_index * channels;
      const T* __restrict b = near_row + h.far_index * channels;
      const T* __restrict c = far_row + h.near_index * channels;
      const T* __restrict d = far_row + h.far_index * channels;
      const float wa = v.near * h.near, wb = v.near * h.far, wc = v.far * h.near, wd = v.far * h.far;
      for (int64_t k = 0; k < channels; ++k) {
        store(out[k], wa * load(a[k]) + wb * load(b[k]) + wc * load(c[k]) + wd * load(d[k]));
      }
    }
  }
}

template <typename T>
void filter_2x(const T* const* rows, const float* weights, float* __restrict sums, T* __restrict y,
               int64_t first, int64_t count, int64_t channels) {
  // Before the first pixel of a row there is none.
  const int64_t missing = first == 0 ? channels : 0;
  for (int64_t i = 0; i < missing; ++i) sums[i] = 0;
  const int64_t begin = first * channels - channels + missing;
  const T* __restrict a = rows[0] + begin;
  const T* __restrict b = rows[1] + begin;
  const T* __restrict c = rows[2] + begin;
  const T* __restrict d = rows[3] + begin;
  const float wa = weights[0], wb = weights[1], wc = weights[2], wd = weights[3];
  float* __restrict sum = sums + missing;
  const int64_t summed = (count + 3) * channels - missing;
  for (int64_t i = 0; i < summed; ++i) {
    sum[i] = wa * load(a[i]) + wb * load(b[i]) + wc * load(c[i]) + wd * load(d[i]);
  }
  const float* __restrict s0 = sums;
  const float* __restrict s1 = sums + channels;
  const float* __restrict s2 = sums + 2 * channels;
  const float* __restrict s3 = sums + 3 * channels;
  for (int64_t i = 0; i < count * channels; ++i) {
    store(y[i], 0.25f * (s0[i] + s3[i]) + 0.75f * (s1[i] + s2[i]));
  }
}

// The outputs that read input i are 2i-1 .. 2i+2, with weights ¼ ¾ ¾ ¼.
template <typename T>
void upsample_backward(const T* __restrict g, T* __restrict dx, int64_t height, int64_t width,
                       int64_t channels, int64_t margin, int64_t row_begin, int64_t row_end) {
  constexpr float kWeights[4] = {0.25f, 0.75f, 0.75f, 0.25f};
  constexpr int64_t kMaxChannels = 1024;
  const int64_t out_height = 2 * height + 2 * margin;
  const int64_t out_width = 2 * width + 2 * margin;
  float sum[kMaxChannels];
  for (int64_t row = row_begin; row < row_end; ++row) {
    for (int64_t column = 0; column < width; ++column) {
      T* __restrict out = dx + (row * width + column) * channels;
      for (int64_t k = 0; k < channels; ++k) sum[k] = 0;
      for (int64_t i = 0; i < 4; ++i) {
        const int64_t y = 2 * row - 1 + i + margin;
        if (y < 0 || y >= out_height) continue;
        for (int64_t j = 0; j < 4; ++j) {
          const int64_t x = 2 * column - 1 + j + margin;
          if (x < 0 || x >= out_width) continue;
          const T* __restrict in = g + (y * out_width + x) * channels;
          const float weight = kWeights[i] * kWeights[j];
          for (int64_t k = 0; k < channels; ++k) sum[k] += weight * load(in[k]);
        }
      }
      for (int64_t k = 0; k < channels; ++k) store(out[k], sum[k]);
    }
  }
}

template <typename T>
void prepare_weight(const float* __restrict weight, float gain, T* __restrict ready,
                    float* __restrict squares, int64_t in, int64_t taps) {
  for (int64_t i = 0; i < in; ++i) squares[i] = 0;
  for (int64_t t = 0; t < taps; ++t, ready += in) {
    for (int64_t i = 0; i < in; ++i) {
      const float value = weight[i * taps + t];
      squares[i] += value * value;
      store(ready[i], value * gain);
    }
  }
}

template <typename T>
constexpr ModulationKernels<T> kKernels = {modulate<T>,
                                           modulate_backward<T>,
                                           scale_bias_lrelu<T>,
                                           finish_layer<T>,
                                           scale_bias_lrelu_backward<T>,
                                           to_rgb<T>,
                                           to_rgb_backward<T>,
                                           channel_dot<T>,
                                           channel_dot_backward<T>,
                                           upsample<T>,
                                           upsample_backward<T>,
                                           filter_2x<T>,
                                           prepare_weight<T>};

}  // namespace

namespace TOONMIRROR_KERNEL_SET {
extern const ModulationKernels<float> float_kernels;
extern const ModulationKernels<Bfloat16Bits> bfloat16_kernels;
const ModulationKernels<float> float_kernels = kKernels<float>;
const ModulationKernels<Bfloat16Bits> bfloat16_kernels = kKernels<Bfloat16Bits>;
}  // namespace TOONMIRROR_KERNEL_SET

}  // namespace toonmirror::nets
