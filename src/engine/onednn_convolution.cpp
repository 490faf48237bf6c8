// Plans of oneDNN 2.6: https://oneapi-src.github.io/oneDNN/v2.6/dev_guide_convolution.html
#include <ATen/Parallel.h>

#include <algorithm>
#include <unordered_map>

#include "engine/backend.h"
#include "engine/onednn.h"

namespace toonmirror::engine {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

// Where Winograd's algorithm beats the direct one, see docs/performance.md. Matrix units (AMX) compute direct
// convolutions in bfloat16 faster still. Below, transformed weights would be too large a part of the work.
bool winograd_wins(const ConvolutionOptions& options, const at::Tensor& x, at::IntArrayRef weight) {
  constexpr int64_t kFewestChannels = 64, kBlock = 16, kSmallest_px = 16;
  if (!has(dnnl::cpu_isa::avx512_core)) return false;
  if (x.scalar_type() == at::kBFloat16 && has(dnnl::cpu_isa::avx512_core_amx)) return false;
  return !options.direct && weight[2] == 3 && weight[3] == 3 && options.stride == 1 &&
         std::ranges::max(options.padding) <= 1 && std::min(weight[0], weight[1]) >= kFewestChannels &&
         weight[0] % kBlock == 0 && weight[1] % kBlock == 0 && std::min(x.size(2), x.size(3)) >= kSmallest_px;
}

class OneDnnPlan : public ConvolutionPlan {
 public:
  // `inner` is the type that is computed in. Throws dnnl::error where oneDNN has no such convolution.
  OneDnnPlan(const ConvolutionOptions& options, const at::Tensor& x, at::IntArrayRef weight, bool has_bias,
             bool winograd, at::ScalarType inner)
      : shape_(x.sizes().vec()),
        type_(x.scalar_type()),
        threads_(at::get_num_threads()),
        winograd_(winograd),
        inner_(inner),
        reordered_(winograd || inner != x.scalar_type()),
        weight_shape_(dims_of(weight)) {
    const memory::dims out = result_dims(options, shape_, weight);
    const Type computed = type_of(inner);
    const Tag order = winograd ? Tag::nChw16c : Tag::nhwc;
    const memory::dims strides(2, options.stride), padding(options.padding.begin(), options.padding.end());
    const auto algorithm =
        winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
    const memory::desc source(shape_, computed, order), kernel(weight_shape_, computed, Tag::any),
        result(out, computed, order), bias({weight[0]}, Type::f32, Tag::x);
    const auto description =
        has_bias ? dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, algorithm, source,
                                                   kernel, bias, result, strides, padding, padding)
                 : dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, algorithm, source,
                                                   kernel, result, strides, padding, padding);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (options.slope) {
      dnnl::post_ops after;
      after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, static_cast<float>(*options.slope), 0.0f);
      attributes.set_post_ops(after);
    }
    description_ = dnnl::convolution_forward::primitive_desc(description, attributes, processor());
    convolution_ = dnnl::convolution_forward(description_);
    plain_source_ = memory::desc(shape_, type_of(type_), Tag::nhwc);
    plain_result_ = memory::desc(out, type_of(type_), Tag::nhwc);
    if (reordered_) {
      to_inner_ = dnnl::reorder({processor(), plain_source_, processor(), description_.src_desc()});
      from_inner_ = dnnl::reorder({processor(), description_.dst_desc(), processor(), plain_result_});
    }
  }

  bool fits(const at::Tensor& x) const override {
    return x.sizes() == at::IntArrayRef(shape_) && x.scalar_type() == type_ &&
           at::get_num_threads() == threads_;
  }

  void pack(const at::Tensor& weight, const at::Tensor& bias, int64_t version) override {
    if (version == version_) return;
    if (!weight_) weight_ = memory(description_.weights_desc(), processor());
    // Transformed weights are made of the plain order alone.
    const bool by_channels = !winograd_ && weight.is_contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor ordered =
        by_channels ? weight : weight.to(inner_).contiguous(at::MemoryFormat::Contiguous);
    memory plain({weight_shape_, type_of(ordered.scalar_type()), by_channels ? Tag::ohwi : Tag::oihw},
                 processor(), ordered.data_ptr());
    dnnl::reorder(plain, weight_).execute(stream(), plain, weight_);
    stream().wait();
    if (bias.defined()) bias_ = bias.to(at::kFloat).contiguous();
    version_ = version;
  }

  void run(const at::Tensor& x, const at::Tensor& y) const override {
    memory source(plain_source_, processor(), x.data_ptr()), result(plain_result_, processor(), y.data_ptr());
    const memory::desc room = description_.scratchpad_desc();
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_WEIGHTS, weight_},
        {DNNL_ARG_SCRATCHPAD, memory(room, processor(), scratch(room.get_size(), 0))}};
    if (bias_.defined()) {
      arguments[DNNL_ARG_BIAS] = memory(description_.bias_desc(), processor(), bias_.data_ptr());
    }
    if (!reordered_) {
      arguments[DNNL_ARG_SRC] = source;
      arguments[DNNL_ARG_DST] = result;
      convolution_.execute(stream(), arguments);
      stream().wait();
      return;
    }
    const memory::desc in = description_.src_desc(), out = description_.dst_desc();
    memory inner_source(in, processor(), scratch(in.get_size(), 1));
    memory inner_result(out, processor(), scratch(out.get_size(), 2));
    arguments[DNNL_ARG_SRC] = inner_source;
    arguments[DNNL_ARG_DST] = inner_result;
    to_inner_.execute(stream(), source, inner_source);
    convolution_.execute(stream(), arguments);
    from_inner_.execute(stream(), inner_result, result);
    stream().wait();
  }

  std::string describe() const override {
    return std::string(winograd_ ? "winograd" : "direct") + " (" + description_.impl_info_str() + ")";
  }

 private:
  memory::dims shape_;
  at::ScalarType type_;
  int threads_;
  bool winograd_;
  at::ScalarType inner_;
  bool reordered_;  // x and y on their way in and out, to another order or type
  memory::dims weight_shape_;
  dnnl::convolution_forward::primitive_desc description_;
  dnnl::convolution_forward convolution_;
  memory::desc plain_source_, plain_result_;
  dnnl::reorder to_inner_, from_inner_;
  memory weight_;
  at::Tensor bias_;
  int64_t version_ = -1;
};

}  // namespace

const dnnl::engine& processor() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream stream(processor());
  return stream;
}

// Room for what a convolution needs while it computes, kept for the next one of this thread.
void* scratch(size_t bytes, int which) {
  thread_local at::Tensor rooms[3];
  at::Tensor& room = rooms[which];
  if (!room.defined() || static_cast<size_t>(room.numel()) < bytes) {
    room = at::Tensor();  // before the larger one is asked for
    room = at::empty({static_cast<int64_t>(bytes)}, at::kByte);
  }
  return room.data_ptr();
}

bool has(dnnl::cpu_isa isa) {
  // The values of x64 sets are bit masks, each holding those of the sets that it contains.
  const auto usable = static_cast<unsigned>(dnnl::get_effective_cpu_isa()),
             asked = static_cast<unsigned>(isa);
  return (usable & asked) == asked;
}

memory::dims result_dims(const ConvolutionOptions& options, at::IntArrayRef x, at::IntArrayRef weight) {
  const auto size = [&](size_t axis) {
    return (x[axis] + 2 * options.padding[axis - 2] - weight[axis]) / options.stride + 1;
  };
  return {x[0], weight[0], size(2), size(3)};
}

bool bfloat16_pays() {
#if defined(__x86_64__)
  if (has(dnnl::cpu_isa::avx512_core_amx)) return true;
  return has(dnnl::cpu_isa::avx512_core_bf16) && __builtin_cpu_is("amd");
#else
  return false;
#endif
}

std::shared_ptr<ConvolutionPlan> make_plan(const ConvolutionOptions& options, const at::Tensor& x,
                                           at::IntArrayRef weight, bool has_bias) {
  const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  if (!known || !x.is_cpu() || x.numel() == 0) return nullptr;
  if (int8_wins(options, weight)) {
    try {
      return make_int8_plan(options, x, weight, has_bias);
    } catch (const dnnl::error&) {  // not this shape
    }
  }
  struct Way {
    bool winograd;
    at::ScalarType inner;
  };
  // The last one is for bfloat16 on processors without instructions for it.
  for (const Way& way : {Way{true, at::kFloat}, Way{false, x.scalar_type()}, Way{false, at::kFloat}}) {
    if (way.winograd && !winograd_wins(options, x, weight)) continue;
    try {
      return std::make_shared<OneDnnPlan>(options, x, weight, has_bias, way.winograd, way.inner);
    } catch (const dnnl::error&) {  // not on this processor: the next
    }
  }
  return nullptr;
}

}  // namespace toonmirror::engine
