// A convolution prepared once and computed many times: by oneDNN on processors, by LibTorch elsewhere.
//
//   Convolution convolution({.padding = 1});
//   convolution.set_weight(weight, bias);
//   y = convolution(x);
//
// Against at::conv2d it saves the reordering of the weights in every call, and it may choose Winograd's
// algorithm (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks"), which LibTorch never
// does: about twice as fast in float, and exact to 1e-5 of the largest value. The algorithm is fixed by shape
// and instruction set, not by timing.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace toonmirror::engine {

class ConvolutionPlan;  // plan.h

struct ConvolutionOptions {
  int64_t stride = 1;
  std::array<int64_t, 2> padding = {0, 0};  // rows above and below, columns on either side, of zeros
  std::optional<double> slope = {};         // afterwards y < 0 ? slope · y : y; 0 is ReLU
  bool direct = false;                      // never Winograd's algorithm
  // Multiply 8-bit integers from 64 channels in and out on, where the processor has instructions for it:
  // weights scaled by output channel, x by its own largest value in every call, so that no range has to be
  // known beforehand. The error is about 1 % of the result's standard deviation.
  bool int8 = false;
};

// Used by any number of threads at once, but not while a weight is set.
class Convolution {
 public:
  explicit Convolution(const ConvolutionOptions& options);
  ~Convolution();
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;

  // weight [O, I, K, K], float or bfloat16, which is not copied until it is needed; bias [O]
  // float, or undefined for none.
  void set_weight(const at::Tensor& weight, const at::Tensor& bias = {});

  // x [N, I, H, W] on the weight's device → [N, O, H', W'] channels-last, in the type of x: float or
  // bfloat16, with float sums. Without gradients.
  at::Tensor operator()(const at::Tensor& x) const;

  const ConvolutionOptions& options() const { return options_; }

  // What computes x of that size, for people: "winograd (jit_wino_4x3:avx512_core)", "LibTorch".
  std::string describe(const at::Tensor& x) const;

 private:
  std::shared_ptr<ConvolutionPlan> plan_for(const at::Tensor& x) const;
  at::Tensor plain(const at::Tensor& x) const;

  ConvolutionOptions options_;
  at::Tensor weight_, bias_;
  int64_t weight_version_ = 0;
  mutable std::mutex mutex_;  // of plans_
  mutable std::vector<std::shared_ptr<ConvolutionPlan>> plans_;
};

}  // namespace toonmirror::engine
