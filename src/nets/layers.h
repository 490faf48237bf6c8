// Building blocks shared by the generator and the house encoder: layers with equalised learning rate (Karras
// et al. 2018, "Progressive Growing of GANs", section 4.1), whose stored weights are unit normal and are
// scaled when used.
#pragma once

#include <torch/torch.h>

#include "nets/inference_convolution.h"
#include "nets/modulation.h"

namespace toonmirror::nets {

inline constexpr double kSqrt2 = 1.4142135623730951;

// While one lives, networks made on this thread leave their weights undefined, at no cost in time and
// memory: for those that are read from a file next, or whose names and shapes are all that is wanted.
class WithoutInitialisation {
 public:
  WithoutInitialisation();
  ~WithoutInitialisation();
  WithoutInitialisation(const WithoutInitialisation&) = delete;
  WithoutInitialisation& operator=(const WithoutInitialisation&) = delete;

 private:
  bool before_;
};

// What weights and noise pictures begin with: unit normal numbers.
at::Tensor initial_normal(at::IntArrayRef shape);

// x · (weight · lr_multiplier / √in)ᵀ + bias · lr_multiplier, then optionally lrelu(0.2) · √2.
// Parameters: weight [out, in], bias [out]. Input [..., in].
class FullyConnectedImpl : public torch::nn::Module {
 public:
  FullyConnectedImpl(int64_t in, int64_t out, bool activate, double lr_multiplier = 1.0,
                     double bias_init = 0.0);
  at::Tensor forward(const at::Tensor& x);
  // Makes it matrix [out, in] · x + offset [out], before the activation.
  void set(const at::Tensor& matrix, const at::Tensor& offset);
  // For inference: in bf16 a layer of millions of weights reads half as much for each picture, and its result
  // is rounded. Other types change nothing.
  void prepare(at::ScalarType type);

  torch::Tensor weight, bias;

 private:
  double gain() const;
  at::Tensor product(const at::Tensor& rows) const;

  bool activate_;
  double lr_multiplier_;
  at::Tensor prepared_;  // weight in bf16 as it is used; undefined: compute in float
};
TORCH_MODULE(FullyConnected);

// The weight of a convolution in the form the convolution wants it. In training it is derived from the
// parameter at every call; for inference prepare() derives it once.
class PreparedWeight {
 public:
  // weight [out, in, k, k] · gain, in that type and channels-last.
  at::Tensor get(const at::Tensor& weight, double gain, at::ScalarType type) const;
  // Σ weight² over the kernel, [out, in] float.
  at::Tensor squares(const at::Tensor& weight) const;
  // x [N, in, H, W] by the weight, stride 1.
  at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, double gain, int64_t padding) const;
  // Whether convolve() would take the prepared convolution for x.
  bool ready_for(const at::Tensor& x) const {
    return convolution_.ready() && prepared_.ready.scalar_type() == x.scalar_type();
  }
  // `padding` is the one that will be asked for.
  void prepare(const at::Tensor& weight, double gain, int64_t padding, at::ScalarType type);

 private:
  WeightForInference prepared_;  // undefined before prepare()
  InferenceConvolution convolution_;
};

// 3×3 or 1×1 convolution with padding that keeps the size (halves it with stride 2), bias, then optionally
// lrelu(0.2) · √2. Parameters: weight [out, in, k, k], bias [out].
class ConvLayerImpl : public torch::nn::Module {
 public:
  ConvLayerImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool activate);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

  torch::Tensor weight, bias;

 private:
  int64_t stride_;
  bool activate_;
  double gain_;
  InferenceConvolution convolution_;  // with bias and activation
  bool reference_ = false;            // plain operations alone, see reference_layers.h
};
TORCH_MODULE(ConvLayer);

}  // namespace toonmirror::nets
