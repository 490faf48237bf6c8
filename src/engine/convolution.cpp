#include "engine/convolution.h"

#include <algorithm>

#include "engine/plan.h"

namespace toonmirror::engine {
namespace {

// Sizes of x that are remembered; more than a network ever sees at one layer at a time.
constexpr size_t kMostPlans = 6;

}  // namespace

Convolution::Convolution(const ConvolutionOptions& options) : options_(options) {}
Convolution::~Convolution() = default;

void Convolution::set_weight(const at::Tensor& weight, const at::Tensor& bias) {
  if (weight_.defined() && weight_.sizes() != weight.sizes()) plans_.clear();
  weight_ = weight.detach();
  bias_ = bias.defined() ? bias.detach() : at::Tensor();
  ++weight_version_;
}

std::shared_ptr<ConvolutionPlan> Convolution::plan_for(const at::Tensor& x) const {
  const std::lock_guard lock(mutex_);
  auto found = std::ranges::find_if(plans_, [&](const auto& plan) { return plan->fits(x); });
  if (found == plans_.end()) {
    std::shared_ptr<ConvolutionPlan> made = make_plan(options_, x, weight_.sizes(), bias_.defined());
    if (made == nullptr) return nullptr;
    if (plans_.size() == kMostPlans) plans_.erase(plans_.begin());
    plans_.push_back(std::move(made));
    found = std::prev(plans_.end());
  }
  (*found)->pack(weight_, bias_, weight_version_);
  return *found;
}

at::Tensor Convolution::plain(const at::Tensor& x) const {
  const at::Tensor weight = weight_.to(x.scalar_type());
  const at::Tensor bias = bias_.defined() ? bias_.to(x.scalar_type()) : bias_;
  const at::Tensor y = at::conv2d(x, weight, bias, options_.stride, options_.padding);
  return options_.slope ? at::leaky_relu(y, *options_.slope) : y;
}

at::Tensor Convolution::operator()(const at::Tensor& x_any) const {
  const at::NoGradGuard no_grad;
  const at::Tensor x = x_any.contiguous(at::MemoryFormat::ChannelsLast);
  const std::shared_ptr<ConvolutionPlan> plan = plan_for(x);
  if (plan == nullptr) return plain(x).contiguous(at::MemoryFormat::ChannelsLast);
  const auto size = [&](size_t axis) {
    return (x.sizes()[axis] + 2 * options_.padding[axis - 2] - weight_.sizes()[axis]) / options_.stride + 1;
  };
  at::Tensor y =
      at::empty({x.size(0), weight_.size(0), size(2), size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
  plan->run(x, y);
  return y;
}

std::string Convolution::describe(const at::Tensor& x) const {
  const std::shared_ptr<ConvolutionPlan> plan = plan_for(x);
  return plan == nullptr ? "LibTorch" : plan->describe();
}

}  // namespace toonmirror::engine
