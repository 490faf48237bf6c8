#include "nets/inference_passes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "nets/activations.h"
#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr auto kSlope = static_cast<float>(kLreluSlope);

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

// LayerFinish ready for the loops: contiguous, and repeated for several pixels at once.
class Finisher {
 public:
  // Pieces of a multiple of `aligned` pixels will be finished.
  Finisher(const LayerFinish& finish, int64_t channels, int64_t aligned)
      : channels_(channels),
        // Noise is a number for each pixel: those stay apart.
        together_(finish.noise.defined() ? 1 : pixels_at_once(aligned, channels)),
        scale_(repeated(plain_float(finish.scale), together_)),
        noise_(plain_or_none(finish.noise)),
        bias_(repeated(plain_float(finish.bias).unsqueeze(0), together_)),
        after_(repeated(plain_or_none(finish.after), together_)),
        limit_(static_cast<float>(finish.limit)) {}

  // In place: x are `count` pixels of that image from pixel `first` on.
  template <typename T>
  void run(T* x, int64_t image, int64_t first, int64_t count) const {
    const float* plane = row(noise_, image);
    modulation_kernels<T>().finish_layer(x, row(scale_, image), plane == nullptr ? nullptr : plane + first,
                                         row(bias_, 0), kSlope, limit_, row(after_, image), count / together_,
                                         channels_ * together_);
  }

 private:
  int64_t channels_, together_;
  at::Tensor scale_, noise_, bias_, after_;
  float limit_;
};

// Row `line` of the filter's result reads rows line-1 .. line+2 of the transposed convolution's. The first
// and the last lie outside by one: those weigh nothing.
template <typename T>
struct FilterRows {
  std::array<const T*, 4> rows;
  std::array<float, 4> weights = {0.25f, 0.75f, 0.75f, 0.25f};

  FilterRows(const T* even, const T* odd, int64_t row_size, int64_t height, int64_t line) {
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t wanted = line - 1 + k, row = std::clamp<int64_t>(wanted, 0, 2 * height);
      const auto place = static_cast<size_t>(k);
      rows[place] = (row % 2 == 0 ? even : odd) + row / 2 * row_size;
      if (row != wanted) weights[place] = 0;
    }
  }
};

}  // namespace

void finish_layer(const at::Tensor& x, const LayerFinish& finish) {
  TORCH_CHECK(has_kernels(x) && x.is_contiguous(at::MemoryFormat::ChannelsLast), "finish_layer: x");
  const int64_t channels = x.size(1);
  const Pieces pieces(x);
  // Pieces begin anywhere unless they are rows of a power of two.
  const Finisher finisher(finish, channels, pieces.pixels % (16 * pieces.per_image) == 0 ? 16 : 1);
  for_type(x, [&](auto type) {
    using T = decltype(type);
    pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
      finisher.run(data<T>(x) + (image * pieces.pixels + first) * channels, image, first, count);
    });
  });
}

at::Tensor filter_2x_and_finish(const at::Tensor& even_any, const at::Tensor& odd_any,
                                const LayerFinish& finish) {
  TORCH_CHECK(has_kernels(even_any) && even_any.scalar_type() == odd_any.scalar_type(),
              "filter_2x_and_finish: even, odd");
  const at::Tensor even = channels_last(even_any), odd = channels_last(odd_any);
  const int64_t channels = odd.size(1) / 2, height = odd.size(2), width = 2 * (odd.size(3) - 1);
  const int64_t row_size = (width + 2) * channels;
  at::Tensor y =
      at::empty({odd.size(0), channels, 2 * height, width}, odd.options(), at::MemoryFormat::ChannelsLast);
  // As many pixels at a time as stay near the processor between the filter and the finish.
  constexpr int64_t kNear = 16384, kFewest_px = 16;
  int64_t piece = width;
  while (piece % 2 == 0 && piece > kFewest_px && piece * channels > kNear) piece /= 2;
  const Finisher finisher(finish, channels, piece);
  for_type(y, [&](auto type) {
    using T = decltype(type);
    const auto& kernels = modulation_kernels<T>();
    at::parallel_for(0, y.size(0) * 2 * height, 4, [&](int64_t begin, int64_t end) {
      std::vector<float> sums(static_cast<size_t>((piece + 3) * channels));
      for (int64_t i = begin; i < end; ++i) {
        const int64_t image = i / (2 * height), line = i % (2 * height);
        const FilterRows<T> rows(data<T>(even) + image * (height + 1) * row_size,
                                 data<T>(odd) + image * height * row_size, row_size, height, line);
        T* out = data<T>(y) + i * width * channels;
        for (int64_t first = 0; first < width; first += piece) {
          T* pixels = out + first * channels;
          kernels.filter_2x(rows.rows.data(), rows.weights.data(), sums.data(), pixels, first, piece,
                            channels);
          finisher.run(pixels, image, line * width + first, piece);
        }
      }
    });
  });
  return y;
}

}  // namespace toonmirror::nets
