#include "toon/latent_filter.h"

#include <algorithm>
#include <cmath>

namespace toonmirror::toon {
namespace {

constexpr double kForgotten_s = 1.0;  // after that a track begins anew
constexpr double kSlowest_s = 0.2;    // time constant at rest and full stability

// Relative changes of W+: below the first all is noise, from the second on all is motion. Between two frames
// of a face at rest the house encoder's W+ changes by 1 to 2 %, with an expression by 5 % and more.
constexpr double kNoise = 0.015, kMotion = 0.06;

}  // namespace

void LatentFilter::set_stability(double stability) {
  const std::lock_guard lock(mutex_);
  stability_ = std::clamp(stability, 0.0, 1.0);
}

void LatentFilter::reset() {
  const std::lock_guard lock(mutex_);
  states_.clear();
}

void LatentFilter::smooth(int track_id, double time_s, FaceCode& code) {
  const at::NoGradGuard no_grad;
  const std::lock_guard lock(mutex_);
  std::erase_if(states_, [&](const auto& entry) { return time_s - entry.second.time_s > kForgotten_s; });
  State& state = states_[track_id];
  if (!state.ws.defined() || stability_ == 0 || state.ws.sizes() != code.ws.sizes() ||
      state.features.size() != code.features.size()) {
    state = {time_s, code.ws, code.features};
    return;
  }
  if (time_s <= state.time_s) {
    code.ws = state.ws;
    code.features = state.features;
    return;
  }
  const double change = ((code.ws - state.ws).norm() / state.ws.norm().clamp_min(1e-6)).item<double>();
  const double at_rest = 1 - std::exp(-(time_s - state.time_s) / (kSlowest_s * stability_));
  const double moving = std::clamp((change - kNoise) / (kMotion - kNoise), 0.0, 1.0);
  const double share = at_rest + moving * (1 - at_rest);
  const auto follow = [share](const at::Tensor& from, const at::Tensor& to) {
    return share >= 1 ? to : at::lerp(from, to.to(from.scalar_type()), share);
  };
  code.ws = follow(state.ws, code.ws);
  for (auto& [resolution, features] : code.features) {
    features = follow(state.features.at(resolution), features);
  }
  state = {time_s, code.ws, code.features};
}

}  // namespace toonmirror::toon
