#include "nets/modulation.h"

#include <torch/torch.h>

#include <vector>

#include "nets/activations.h"
#include "nets/modulation_kernels.h"

namespace toonmirror::nets {

namespace avx512 {
extern const ModulationKernels<float> float_kernels;
extern const ModulationKernels<Bfloat16Bits> bfloat16_kernels;
}  // namespace avx512
namespace avx2 {
extern const ModulationKernels<float> float_kernels;
extern const ModulationKernels<Bfloat16Bits> bfloat16_kernels;
}  // namespace avx2
namespace baseline {
extern const ModulationKernels<float> float_kernels;
extern const ModulationKernels<Bfloat16Bits> bfloat16_kernels;
}  // namespace baseline

namespace {

enum class KernelSet { kBaseline, kAvx2, kAvx512 };

KernelSet kernel_set() {
#if defined(__x86_64__)
  static const KernelSet set = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                                       __builtin_cpu_supports("avx512dq")
                                   ? KernelSet::kAvx512
                               : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                                   ? KernelSet::kAvx2
                                   : KernelSet::kBaseline;
  return set;
#else
  return KernelSet::kBaseline;
#endif
}

constexpr auto kSlope = static_cast<float>(kLreluSlope);
constexpr int64_t kMaxUpsampleChannels = 1024;

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

at::Tensor empty_activations(const at::Tensor& like, int64_t channels, int64_t height, int64_t width,
                             at::ScalarType type) {
  return at::empty({like.size(0), channels, height, width}, like.options().dtype(type),
                   at::MemoryFormat::ChannelsLast);
}

// Partial sums of the pieces [pieces, ...] to [N, ...].
at::Tensor sum_pieces(const at::Tensor& partial, const Pieces& pieces) {
  std::vector<int64_t> shape = partial.sizes().vec();
  shape[0] = pieces.per_image;
  shape.insert(shape.begin(), pieces.images);
  return partial.view(shape).sum(1);
}

struct ModulateFunction : torch::autograd::Function<ModulateFunction> {
  static Variable forward(AutogradContext* context, const Variable& x_any, const Variable& scale_any) {
    const at::Tensor x = channels_last(x_any);
    const at::Tensor scale = plain_float(scale_any);
    const int64_t channels = x.size(1);
    at::Tensor y = at::empty_like(x);
    const Pieces pieces(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
        const int64_t offset = (image * pieces.pixels + first) * channels;
        modulation_kernels<T>().modulate(data<T>(x) + offset, data<float>(scale) + image * channels,
                                         data<T>(y) + offset, count, channels);
      });
    });
    context->save_for_backward({x, scale});
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& scale = saved[1];
    const at::Tensor g = channels_last(gradients[0].to(x.scalar_type()));
    const int64_t channels = x.size(1);
    const Pieces pieces(x);
    at::Tensor dx = at::empty_like(x);
    at::Tensor dscale = at::zeros({pieces.count(), channels}, scale.options());
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t piece, int64_t image, int64_t first, int64_t count) {
        const int64_t offset = (image * pieces.pixels + first) * channels;
        modulation_kernels<T>().modulate_backward(data<T>(g) + offset, data<T>(x) + offset,
                                                  data<float>(scale) + image * channels, data<T>(dx) + offset,
                                                  data<float>(dscale) + piece * channels, count, channels);
      });
    });
    return {dx, sum_pieces(dscale, pieces)};
  }
};

struct ScaleBiasLreluFunction : torch::autograd::Function<ScaleBiasLreluFunction> {
  static Variable forward(AutogradContext* context, const Variable& x_any, const Variable& scale_any,
                          const Variable& bias_any) {
    const at::Tensor x = channels_last(x_any);
    const int64_t channels = x.size(1);
    const at::Tensor scale = plain_float(scale_any.expand({x.size(0), channels}));
    const at::Tensor bias = plain_float(bias_any);
    at::Tensor y = at::empty_like(x);
    const Pieces pieces(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
        const int64_t offset = (image * pieces.pixels + first) * channels;
        modulation_kernels<T>().scale_bias_lrelu(data<T>(x) + offset, data<float>(scale) + image * channels,
                                                 data<float>(bias), kSlope, data<T>(y) + offset, count,
                                                 channels);
      });
    });
    context->save_for_backward({x, scale, bias});
    context->saved_data["shared_scale"] = scale_any.size(0) != x.size(0);
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& scale = saved[1];
    const at::Tensor& bias = saved[2];
    const at::Tensor g = channels_last(gradients[0].to(x.scalar_type()));
    const int64_t channels = x.size(1);
    const Pieces pieces(x);
    at::Tensor dx = at::empty_like(x);
    at::Tensor dscale = at::zeros({pieces.count(), channels}, scale.options());
    at::Tensor dbias = at::zeros({pieces.count(), channels}, scale.options());
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t piece, int64_t image, int64_t first, int64_t count) {
        const int64_t offset = (image * pieces.pixels + first) * channels;
        modulation_kernels<T>().scale_bias_lrelu_backward(
            data<T>(g) + offset, data<T>(x) + offset, data<float>(scale) + image * channels,
            data<float>(bias), kSlope, data<T>(dx) + offset, data<float>(dscale) + piece * channels,
            data<float>(dbias) + piece * channels, count, channels);
      });
    });
    at::Tensor scale_gradient = sum_pieces(dscale, pieces);
    if (context->saved_data["shared_scale"].toBool())
      scale_gradient = scale_gradient.sum(0, /*keepdim=*/true);
    return {dx, scale_gradient, dbias.sum(0)};
  }
};

struct ToRgbFunction : torch::autograd::Function<ToRgbFunction> {
  static Variable forward(AutogradContext* context, const Variable& x_any, const Variable& weight_any) {
    const at::Tensor x = channels_last(x_any);
    const at::Tensor weight = plain_float(weight_any);
    const int64_t channels = x.size(1);
    at::Tensor rgb = empty_activations(x, 3, x.size(2), x.size(3), at::kFloat);
    const Pieces pieces(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
        const int64_t pixel = image * pieces.pixels + first;
        modulation_kernels<T>().to_rgb(data<T>(x) + pixel * channels,
                                       data<float>(weight) + image * 3 * channels,
                                       data<float>(rgb) + pixel * 3, count, channels);
      });
    });
    context->save_for_backward({x, weight});
    return rgb;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor g = channels_last(gradients[0].to(at::kFloat));
    const int64_t channels = x.size(1);
    const Pieces pieces(x);
    at::Tensor dx = at::empty_like(x);
    at::Tensor dweight = at::zeros({pieces.count(), 3, channels}, weight.options());
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t piece, int64_t image, int64_t first, int64_t count) {
        const int64_t pixel = image * pieces.pixels + first;
        modulation_kernels<T>().to_rgb_backward(data<float>(g) + pixel * 3, data<T>(x) + pixel * channels,
                                                data<float>(weight) + image * 3 * channels,
                                                data<T>(dx) + pixel * channels,
                                                data<float>(dweight) + piece * 3 * channels, count, channels);
      });
    });
    return {dx, sum_pieces(dweight, pieces)};
  }
};

struct ChannelDotFunction : torch::autograd::Function<ChannelDotFunction> {
  static Variable forward(AutogradContext* context, const Variable& x_any, const Variable& y_any) {
    const at::Tensor x = channels_last(x_any);
    const at::Tensor y = channels_last(y_any);
    at::Tensor dot = empty_activations(x, 1, x.size(2), x.size(3), at::kFloat);
    const Pieces pieces(x);
    for_type(x, [&](auto type) {
      using T = decltype(type);
      pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
        const int64_t pixel = image * pieces.pixels + first;
        modulation_kernels<T>().channel_dot(data<T>(x) + pixel * x.size(1), data<T>(y) + pixel * x.size(1),
                                            data<float>(dot) + pixel, count, x.size(1));
      });
    });
    context->save_for_backward({x, y});
    return dot;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor g = gradients[0].to(at::kFloat).contiguous();
    const auto gradient_through = [&g](const at::Tensor& other) {
      at::Tensor dx = at::empty_like(other);
      const Pieces pieces(other);
      for_type(other, [&](auto type) {
        using T = decltype(type);
        pieces.run([&](int64_t, int64_t image, int64_t first, int64_t count) {
          const int64_t pixel = image * pieces.pixels + first;
          modulation_kernels<T>().channel_dot_backward(
              data<float>(g) + pixel, data<T>(other) + pixel * other.size(1),
              data<T>(dx) + pixel * other.size(1), count, other.size(1));
        });
      });
      return dx;
    };
    return {context->needs_input_grad(0) ? gradient_through(saved[1]) : Variable(),
            context->needs_input_grad(1) ? gradient_through(saved[0]) : Variable()};
  }
};

struct UpsampleFunction : torch::autograd::Function<UpsampleFunction> {
  static Variable forward(AutogradContext* context, const Variable& x_any, int64_t margin) {
    const at::Tensor x = channels_last(x_any);
    const int64_t height = x.size(2), width = x.size(3), channels = x.size(1);
    const int64_t out_height = 2 * height + 2 * margin, out_width = 2 * width + 2 * margin;
    at::Tensor y = empty_activations(x, channels, out_height, out_width, x.scalar_type());
    for_type(x, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, x.size(0) * out_height, 8, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t image = row / out_height;
          modulation_kernels<T>().upsample(data<T>(x) + image * height * width * channels,
                                           data<T>(y) + image * out_height * out_width * channels, height,
                                           width, channels, margin, row % out_height, row % out_height + 1);
        }
      });
    });
    context->saved_data["shape"] = std::vector<int64_t>{x.size(0), channels, height, width, margin};
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<int64_t> shape = context->saved_data["shape"].toIntVector();
    const int64_t channels = shape[1], height = shape[2], width = shape[3], margin = shape[4];
    const at::Tensor g = channels_last(gradients[0]);
    at::Tensor dx = empty_activations(g, channels, height, width, g.scalar_type());
    for_type(g, [&](auto type) {
      using T = decltype(type);
      at::parallel_for(0, shape[0] * height, 4, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const int64_t image = row / height;
          modulation_kernels<T>().upsample_backward(
              data<T>(g) + image * (2 * height + 2 * margin) * (2 * width + 2 * margin) * channels,
              data<T>(dx) + image * height * width * channels, height, width, channels, margin, row % height,
              row % height + 1);
        }
      });
    });
    return {dx, Variable()};
  }
};

at::Tensor per_channel(const at::Tensor& value, const at::Tensor& x) {
  return value.to(x.scalar_type()).unsqueeze(-1).unsqueeze(-1);
}

}  // namespace

template <>
const ModulationKernels<float>& modulation_kernels<float>() {
  switch (kernel_set()) {
    case KernelSet::kAvx512:
      return avx512::float_kernels;
    case KernelSet::kAvx2:
      return avx2::float_kernels;
    default:
      return baseline::float_kernels;
  }
}

template <>
const ModulationKernels<Bfloat16Bits>& modulation_kernels<Bfloat16Bits>() {
  switch (kernel_set()) {
    case KernelSet::kAvx512:
      return avx512::bfloat16_kernels;
    case KernelSet::kAvx2:
      return avx2::bfloat16_kernels;
    default:
      return baseline::bfloat16_kernels;
  }
}

at::Tensor modulate(const at::Tensor& x, const at::Tensor& scale) {
  if (has_kernels(x)) return ModulateFunction::apply(x, scale);
  return x * per_channel(scale, x);
}

at::Tensor scale_bias_lrelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias) {
  if (has_kernels(x)) return ScaleBiasLreluFunction::apply(x, scale, bias);
  return at::leaky_relu(x * per_channel(scale, x) + per_channel(bias, x), kSlope);
}

at::Tensor to_rgb(const at::Tensor& x, const at::Tensor& weight) {
  if (has_kernels(x)) return ToRgbFunction::apply(x, weight);
  return at::einsum("nchw,noc->nohw", {x.to(at::kFloat), weight.to(at::kFloat)});
}

at::Tensor channel_dot(const at::Tensor& x, const at::Tensor& y) {
  if (has_kernels(x)) return ChannelDotFunction::apply(x, y);
  return (x.to(at::kFloat) * y.to(at::kFloat)).sum(1, /*keepdim=*/true);
}

at::Tensor upsample_2x(const at::Tensor& x, int64_t margin) {
  TORCH_CHECK(x.size(1) <= kMaxUpsampleChannels, "upsample_2x: more than 1024 channels");
  if (has_kernels(x)) return UpsampleFunction::apply(x, margin);
  const int64_t channels = x.size(1);
  const at::Tensor taps = at::tensor({0.25, 0.75, 0.75, 0.25}, x.options());
  const at::Tensor kernel = at::outer(taps, taps).expand({channels, 1, 4, 4});
  // Inputs lie 2 apart; padding 1 keeps [2H, 2W], padding 0 leaves one more row and column on each side.
  return at::conv_transpose2d(x, kernel, {}, 2, 1 - margin, 0, channels);
}

void prepare_weight(const at::Tensor& weight, double gain, at::ScalarType type, WeightForInference& result) {
  const at::NoGradGuard no_grad;
  if (!weight.is_cpu() || weight.scalar_type() != at::kFloat || !weight.is_contiguous() ||
      (type != at::kFloat && type != at::kBFloat16)) {
    result = {(weight * gain).to(type).contiguous(at::MemoryFormat::ChannelsLast),
              weight.square().sum({2, 3})};
    return;
  }
  const int64_t out = weight.size(0), in = weight.size(1), taps = weight.size(2) * weight.size(3);
  const auto options = weight.options().requires_grad(false);
  const bool fits = result.ready.defined() && result.ready.is_cpu() && result.ready.scalar_type() == type &&
                    result.ready.sizes() == weight.sizes() &&
                    result.ready.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (!fits) {
    result = {at::empty(weight.sizes(), options.dtype(type), at::MemoryFormat::ChannelsLast),
              at::empty({out, in}, options)};
  }
  for_type(result.ready, [&](auto element) {
    using T = decltype(element);
    at::parallel_for(0, out, 16, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        modulation_kernels<T>().prepare_weight(data<float>(weight) + o * in * taps, static_cast<float>(gain),
                                               data<T>(result.ready) + o * in * taps,
                                               data<float>(result.squares) + o * in, in, taps);
      }
    });
  });
}

}  // namespace toonmirror::nets
