// What the plans of oneDNN 2.6 share: https://oneapi-src.github.io/oneDNN/v2.6/. Internal to this layer.
#pragma once

#include <ATen/ATen.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "engine/plan.h"

namespace toonmirror::engine {

const dnnl::engine& processor();

// Of the calling thread.
dnnl::stream& stream();

// Room for what a convolution needs while it computes, kept for the next one of this thread; `which` of
// three.
void* scratch(size_t bytes, int which);

inline dnnl::memory::data_type type_of(at::ScalarType type) {
  return type == at::kBFloat16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

inline dnnl::memory::dims dims_of(at::IntArrayRef sizes) { return {sizes.begin(), sizes.end()}; }

// Of the result of a convolution of x by a weight of that shape.
dnnl::memory::dims result_dims(const ConvolutionOptions& options, at::IntArrayRef x, at::IntArrayRef weight);

// Whether the processor has those instructions and ONEDNN_MAX_CPU_ISA allows them.
bool has(dnnl::cpu_isa isa);

// onednn_int8_convolution.cpp. Whether such a convolution is worth computing with integers here; and its
// plan, for which oneDNN may throw dnnl::error.
bool int8_wins(const ConvolutionOptions& options, at::IntArrayRef weight);
std::shared_ptr<ConvolutionPlan> make_int8_plan(const ConvolutionOptions& options, const at::Tensor& x,
                                                at::IntArrayRef weight, bool has_bias);

}  // namespace toonmirror::engine
