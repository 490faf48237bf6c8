// How the hand-written loops (modulation_kernels.h) are laid over tensors.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "nets/modulation_kernels.h"

namespace toonmirror::nets {

inline at::Tensor channels_last(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }
inline at::Tensor plain_float(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

// Whether there are loops for it.
inline bool has_kernels(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <typename T>
T* data(const at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

// Calls body(T{}) with the element type of x.
template <typename Body>
void for_type(const at::Tensor& x, Body body) {
  if (x.scalar_type() == at::kFloat) {
    body(float{});
  } else {
    body(Bfloat16Bits{});
  }
}

// Work split into (image, range of pixels) pieces, so that one image alone keeps all threads busy too.
struct Pieces {
  int64_t images, per_image, pixels;

  explicit Pieces(const at::Tensor& x)
      : images(x.size(0)),
        per_image(std::clamp<int64_t>((at::get_num_threads() + images - 1) / std::max<int64_t>(images, 1), 1,
                                      std::max<int64_t>(x.size(2) * x.size(3), 1))),
        pixels(x.size(2) * x.size(3)) {}
  int64_t count() const { return images * per_image; }

  // body(piece, image, first_pixel, pixel_count)
  template <typename Body>
  void run(Body body) const {
    at::parallel_for(0, count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        const int64_t part = piece % per_image;
        const int64_t first = pixels * part / per_image;
        body(piece, piece / per_image, first, pixels * (part + 1) / per_image - first);
      }
    });
  }
};

}  // namespace toonmirror::nets
