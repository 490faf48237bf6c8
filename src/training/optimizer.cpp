#include "training/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace toonmirror::training {
namespace {

std::vector<torch::Tensor> parameters_of(const std::vector<torch::nn::Module*>& modules) {
  std::vector<torch::Tensor> result;
  for (torch::nn::Module* module : modules) {
    for (torch::Tensor& parameter : module->parameters()) result.push_back(parameter);
  }
  return result;
}

}  // namespace

FlatParameters::FlatParameters(const std::vector<torch::nn::Module*>& modules) {
  std::vector<at::Tensor> parts;
  for (const torch::Tensor& parameter : parameters_of(modules)) {
    shapes_.push_back(parameter.sizes().vec());
    parts.push_back(parameter.detach().flatten());
  }
  values_ = at::cat(parts).contiguous();
}

at::Tensor FlatParameters::share_with(const std::vector<torch::nn::Module*>& modules) {
  const at::Tensor gradient = at::zeros_like(values_);
  int64_t offset = 0;
  size_t index = 0;
  for (torch::Tensor& parameter : parameters_of(modules)) {
    const int64_t size = parameter.numel();
    TORCH_CHECK(index < shapes_.size() && parameter.sizes() == shapes_[index], "modules of another shape");
    parameter.set_data(values_.narrow(0, offset, size).view(shapes_[index]));
    parameter.mutable_grad() = gradient.narrow(0, offset, size).view(shapes_[index]);
    offset += size;
    ++index;
  }
  return gradient;
}

void FlatParameters::release(const std::vector<torch::nn::Module*>& modules) {
  for (torch::Tensor& parameter : parameters_of(modules)) {
    parameter.set_data(parameter.detach().clone());
    parameter.mutable_grad().reset();
  }
}

Adam::Adam(const AdamOptions& options, const at::Tensor& values)
    : options_(options),
      first_(at::zeros_like(values)),
      second_(at::zeros_like(values)),
      average_(values.clone()) {}

double Adam::step(at::Tensor& values, const at::Tensor& gradient, double progress) {
  const double norm = gradient.norm().item<double>();
  if (!std::isfinite(norm)) {
    ++skipped_;
    return norm;
  }
  ++steps_;
  const double warmup =
      std::min(1.0, static_cast<double>(steps_) / std::max<int64_t>(options_.warmup_steps, 1));
  const double left = std::clamp((1.0 - progress) / std::max(options_.decay_share, 1e-9), 0.05, 1.0);
  const double correction1 = 1.0 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correction2 = 1.0 - std::pow(options_.beta2, static_cast<double>(steps_));
  // Young averages follow more quickly, so that an early sheet shows more than the initial weights.
  const double decay = std::min(options_.average_decay,
                                (1.0 + static_cast<double>(steps_)) / (10.0 + static_cast<double>(steps_)));
  update(values, gradient, std::min(1.0, options_.clip_norm / (norm + 1e-12)),
         options_.learning_rate * warmup * left / correction1, std::sqrt(correction2), 1.0 - decay);
  return norm;
}

void Adam::update(at::Tensor& values, const at::Tensor& gradient, double clip, double rate,
                  double second_scale, double average_share) {
  const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const auto epsilon = static_cast<float>(options_.epsilon * second_scale);
  const auto step = static_cast<float>(rate * second_scale), share = static_cast<float>(average_share);
  const auto scale = static_cast<float>(clip);
  const float* g = gradient.data_ptr<float>();
  float* value = values.data_ptr<float>();
  float* first = first_.data_ptr<float>();
  float* second = second_.data_ptr<float>();
  float* average = average_.data_ptr<float>();
  const int64_t count = values.numel();
  for (int64_t i = 0; i < count; ++i) {
    const float slope = g[i] * scale;
    first[i] = beta1 * first[i] + (1.0f - beta1) * slope;
    second[i] = beta2 * second[i] + (1.0f - beta2) * slope * slope;
    value[i] -= step * first[i] / (std::sqrt(second[i]) + epsilon);
    average[i] += share * (value[i] - average[i]);
  }
}

checkpoint::NamedTensors Adam::state() const {
  return {{"adam.first", first_},
          {"adam.second", second_},
          {"adam.average", average_},
          {"adam.steps", at::tensor({steps_, skipped_}, at::kLong)}};
}

void Adam::restore(const checkpoint::NamedTensors& state) {
  const auto part = [&state](const char* name) {
    const auto found = state.find(name);
    if (found == state.end()) throw Error(std::string("training checkpoint lacks ") + name);
    return found->second;
  };
  first_.copy_(part("adam.first"));
  second_.copy_(part("adam.second"));
  average_.copy_(part("adam.average"));
  const at::Tensor steps = part("adam.steps");
  steps_ = steps[0].item<int64_t>();
  skipped_ = steps[1].item<int64_t>();
}

}  // namespace toonmirror::training
