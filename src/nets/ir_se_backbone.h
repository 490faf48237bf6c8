// The face recognition network IR-SE50 up to its last feature map, as the pSp and e4e encoders use it:
// residual units of Deng et al. 2019, "ArcFace", with the channel gates of Hu et al. 2018,
// "Squeeze-and-Excitation Networks". Arithmetic and names as in eladrich/pixel2style2pixel
// models/encoders/helpers.py (bottleneck_IR_SE, get_blocks) and psp_encoders.py.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "nets/prepared_conv2d.h"

namespace toonmirror::nets {

// Convolution that keeps the size divided by the stride. Parameters: weight [out, in, k, k], bias [out] when
// asked for. They are not initialised: an encoder would draw 267 million numbers only to replace them by a
// file's.
class ConvolutionImpl : public torch::nn::Module {
 public:
  ConvolutionImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool with_bias);
  at::Tensor forward(const at::Tensor& x);

  // For inference, see InferenceConvolution; with a norm or a slope, forward computes those as well, while
  // prepared() says so.
  struct Following {
    const torch::nn::BatchNorm2d* norm = nullptr;
    std::optional<double> slope = {};
  };
  void prepare(at::ScalarType type, const Following& following);
  void prepare(at::ScalarType type) { prepare(type, Following{}); }
  bool prepared() const { return !is_training() && prepared_.ready(); }

 private:
  int64_t stride_;
  torch::Tensor weight_, bias_;
  InferenceConvolution prepared_;
};
TORCH_MODULE(Convolution);

// Each channel times a share in (0, 1) that depends on the means of all channels: fc1, fc2.
class ChannelGateImpl : public torch::nn::Module {
 public:
  explicit ChannelGateImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  Convolution fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(ChannelGate);

// Residual unit: [N, in, h, w] → [N, out, h / stride, w / stride]. Names res_layer.{0,…,5}, and
// shortcut_layer.{0,1} where in and out differ.
class IrSeUnitImpl : public torch::nn::Module {
 public:
  IrSeUnitImpl(int64_t in, int64_t out, int64_t stride);
  at::Tensor forward(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  at::Tensor residual(const at::Tensor& x);
  at::Tensor shortcut(const at::Tensor& x);

  int64_t stride_;
  torch::nn::BatchNorm2d norm_in_{nullptr}, norm_out_{nullptr}, shortcut_norm_{nullptr};
  Convolution conv1_{nullptr}, conv2_{nullptr}, shortcut_conv_{nullptr};
  torch::nn::PReLU prelu_{nullptr};
  ChannelGate gate_{nullptr};
};
TORCH_MODULE(IrSeUnit);

struct IrSeFeatures {
  at::Tensor c1, c2, c3;  // [N, widths[1], H/4, W/4], [N, widths[2], H/8, W/8], [N, widths[3], H/16, W/16]
};

using IrSeWidths = std::array<int64_t, 4>;

// The reference keeps these layers among the encoder's own, so they are registered with a parent, as
// input_layer.{0,1,2} and body.{0,…,23}.
class IrSe50 {
 public:
  static constexpr int64_t kGateReduction = 16;  // widths are at least this
  // Units per stage; the first of each stage halves the size.
  static constexpr std::array<int64_t, 4> kUnits = {3, 4, 14, 3};

  IrSe50(torch::nn::Module& parent, int64_t input_channels, const IrSeWidths& widths);

  // x [N, input_channels, H, W], H and W multiples of 16.
  IrSeFeatures operator()(const at::Tensor& x);
  void prepare(at::ScalarType type);

 private:
  Convolution input_conv_{nullptr};
  torch::nn::BatchNorm2d input_norm_{nullptr};
  torch::nn::PReLU input_prelu_{nullptr};
  std::vector<IrSeUnit> units_;
};

}  // namespace toonmirror::nets
