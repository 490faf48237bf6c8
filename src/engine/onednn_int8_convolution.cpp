// Convolutions of 8-bit integers:
// https://oneapi-src.github.io/oneDNN/v2.6/dev_guide_attributes_quantization.html
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "engine/backend.h"
#include "engine/onednn.h"

namespace toonmirror::engine {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

constexpr double kLargest = 127;

// Numbers that are not negative are ordered as their bits are, so that a maximum of integers, of which a
// processor takes many at a time, finds the largest magnitude.
template <typename Bits>
Bits largest_bits(const Bits* values, int64_t count, Bits without_sign) {
  return at::parallel_reduce(
      0, count, at::internal::GRAIN_SIZE, Bits{0},
      [&](int64_t begin, int64_t end, Bits largest) {
        for (int64_t i = begin; i < end; ++i) {
          largest = std::max(largest, static_cast<Bits>(values[i] & without_sign));
        }
        return largest;
      },
      [](Bits a, Bits b) { return std::max(a, b); });
}

// max |x| of a dense tensor in float or bfloat16.
double largest_magnitude(const at::Tensor& x) {
  int32_t bits = 0;
  if (x.scalar_type() == at::kBFloat16) {
    constexpr int kBits = 16;
    bits = largest_bits<int16_t>(static_cast<const int16_t*>(x.data_ptr()), x.numel(), 0x7fff) << kBits;
  } else {
    bits = largest_bits<int32_t>(static_cast<const int32_t*>(x.data_ptr()), x.numel(), 0x7fffffff);
  }
  return std::bit_cast<float>(bits);
}

class Int8Plan : public ConvolutionPlan {
 public:
  Int8Plan(const ConvolutionOptions& options, const at::Tensor& x, at::IntArrayRef weight, bool has_bias)
      : shape_(x.sizes().vec()),
        type_(x.scalar_type()),
        threads_(at::get_num_threads()),
        weight_shape_(dims_of(weight)),
        has_bias_(has_bias),
        plain_source_(shape_, type_of(type_), Tag::nhwc),
        per_channel_({1, weight[0], 1, 1}, Type::f32, Tag::nhwc) {
    const memory::dims strides(2, options.stride), padding(options.padding.begin(), options.padding.end());
    const dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        memory::desc(shape_, Type::s8, Tag::nhwc), memory::desc(weight_shape_, Type::s8, Tag::any),
        memory::desc(result_dims(options, shape_, weight), type_of(type_), Tag::nhwc), strides, padding,
        padding);
    // The scale of x is not known yet. oneDNN takes such numbers in operations after the convolution, as
    // tensors; its own output scales it takes beforehand alone.
    dnnl::post_ops after;
    after.append_binary(dnnl::algorithm::binary_mul, per_channel_);
    if (has_bias_) after.append_binary(dnnl::algorithm::binary_add, per_channel_);
    if (options.slope) {
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, static_cast<float>(*options.slope), 0.0f);
    }
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attributes.set_post_ops(after);
    description_ = dnnl::convolution_forward::primitive_desc(description, attributes, processor());
    convolution_ = dnnl::convolution_forward(description_);
    dnnl::primitive_attr scaled;
    scaled.set_output_scales(0, {DNNL_RUNTIME_F32_VAL});
    quantize_ = dnnl::reorder({processor(), plain_source_, processor(), description_.src_desc(), scaled});
  }

  bool fits(const at::Tensor& x) const override {
    return x.sizes() == at::IntArrayRef(shape_) && x.scalar_type() == type_ &&
           at::get_num_threads() == threads_;
  }

  void pack(const at::Tensor& weight, const at::Tensor& bias, int64_t version) override {
    if (version == version_) return;
    const at::Tensor w = weight.to(at::kFloat).contiguous();
    weight_scale_ = (w.abs().amax({1, 2, 3}) / kLargest).clamp_min(1e-30);
    const at::Tensor rounded = (w / weight_scale_.view({-1, 1, 1, 1})).round_().to(at::kChar);
    if (!weight_) weight_ = memory(description_.weights_desc(), processor());
    memory plain({weight_shape_, Type::s8, Tag::oihw}, processor(), rounded.data_ptr());
    dnnl::reorder(plain, weight_).execute(stream(), plain, weight_);
    stream().wait();
    if (bias.defined()) bias_ = bias.to(at::kFloat).contiguous();
    version_ = version;
  }

  void run(const at::Tensor& x, const at::Tensor& y) const override {
    const double largest = std::max(largest_magnitude(x), 1e-30);
    const at::Tensor scale = weight_scale_ * (largest / kLargest);
    auto inverse = static_cast<float>(kLargest / largest);
    memory source(plain_source_, processor(), x.data_ptr());
    const memory::desc inner = description_.src_desc(), room = description_.scratchpad_desc();
    memory rounded(inner, processor(), scratch(inner.get_size(), 1));
    quantize_.execute(
        stream(), {{DNNL_ARG_FROM, source},
                   {DNNL_ARG_TO, rounded},
                   {DNNL_ARG_ATTR_OUTPUT_SCALES, memory({{1}, Type::f32, Tag::x}, processor(), &inverse)}});
    const auto post_op = [](int index) { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(index) | DNNL_ARG_SRC_1; };
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, rounded},
        {DNNL_ARG_WEIGHTS, weight_},
        {DNNL_ARG_DST, memory(description_.dst_desc(), processor(), y.data_ptr())},
        {DNNL_ARG_SCRATCHPAD, memory(room, processor(), scratch(room.get_size(), 0))},
        {post_op(0), memory(per_channel_, processor(), scale.data_ptr())}};
    if (has_bias_) arguments[post_op(1)] = memory(per_channel_, processor(), bias_.data_ptr());
    convolution_.execute(stream(), arguments);
    stream().wait();
  }

  std::string describe() const override { return std::string("int8 (") + description_.impl_info_str() + ")"; }

 private:
  memory::dims shape_;
  at::ScalarType type_;
  int threads_;
  memory::dims weight_shape_;
  bool has_bias_;
  memory::desc plain_source_, per_channel_;
  dnnl::convolution_forward::primitive_desc description_;
  dnnl::convolution_forward convolution_;
  dnnl::reorder quantize_;
  memory weight_;
  at::Tensor weight_scale_;  // [O]: a weight is its integer times that
  at::Tensor bias_;
  int64_t version_ = -1;
};

}  // namespace

bool int8_pays() { return has(dnnl::cpu_isa::avx512_core_vnni); }

bool int8_wins(const ConvolutionOptions& options, at::IntArrayRef weight) {
  // With fewer channels it is less exact, as errors average out over fewer products, and hardly faster.
  constexpr int64_t kFewestChannels = 64;
  return options.int8 && int8_pays() && std::min(weight[0], weight[1]) >= kFewestChannels;
}

std::shared_ptr<ConvolutionPlan> make_int8_plan(const ConvolutionOptions& options, const at::Tensor& x,
                                                at::IntArrayRef weight, bool has_bias) {
  return std::make_shared<Int8Plan>(options, x, weight, has_bias);
}

}  // namespace toonmirror::engine
