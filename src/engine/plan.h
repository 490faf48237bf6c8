// A convolution of pictures of one shape: what convolution.cpp asks of oneDNN.
#pragma once

#include <memory>
#include <string>

#include "engine/convolution.h"

namespace toonmirror::engine {

class ConvolutionPlan {
 public:
  virtual ~ConvolutionPlan() = default;

  // Whether it computes x: its shape and type, on as many threads as this one computes with now.
  virtual bool fits(const at::Tensor& x) const = 0;
  // Takes the weight in the order that it wants, unless it has that version already. One caller at a time.
  virtual void pack(const at::Tensor& weight, const at::Tensor& bias, int64_t version) = 0;
  // x and y channels-last.
  virtual void run(const at::Tensor& x, const at::Tensor& y) const = 0;
  virtual std::string describe() const = 0;
};

// Null where oneDNN has no convolution of x by a weight of that shape.
std::shared_ptr<ConvolutionPlan> make_plan(const ConvolutionOptions& options, const at::Tensor& x,
                                           at::IntArrayRef weight, bool has_bias);

}  // namespace toonmirror::engine
