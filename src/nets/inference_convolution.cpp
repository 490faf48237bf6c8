#include "nets/inference_convolution.h"

#include "engine/backend.h"

namespace toonmirror::nets {

void InferenceConvolution::prepare(const at::Tensor& weight, const at::Tensor& bias, at::ScalarType type,
                                   const engine::ConvolutionOptions& asked) {
  if (engine::backend() == engine::Backend::kTorch) {
    convolution_ = nullptr;
    return;
  }
  const at::NoGradGuard no_grad;
  type_ = type;
  engine::ConvolutionOptions options = asked;
  options.int8 = engine::int8();
  if (convolution_ == nullptr || convolution_->options().int8 != options.int8) {
    convolution_ = std::make_shared<engine::Convolution>(options);
  }
  convolution_->set_weight(weight.to(type), bias);
}

bool InferenceConvolution::ready() const { return convolution_ != nullptr && !at::GradMode::is_enabled(); }

}  // namespace toonmirror::nets
