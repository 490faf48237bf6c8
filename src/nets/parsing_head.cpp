#include "nets/parsing_head.h"

#include <algorithm>

#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kWidest_px = 32;  // up to which all levels are equally wide

}  // namespace

ParsingHeadImpl::ParsingHeadImpl(const std::map<int64_t, int64_t>& stages, int64_t width) {
  int64_t before = width;
  for (const auto& [size, channels] : stages) {
    const std::string level = std::to_string(size);
    const int64_t out = width * kWidest_px / std::max(size, kWidest_px);
    in_.emplace_back(register_module("in" + level, ConvLayer(channels, out, 1, 1, /*activate=*/false)));
    mix_.emplace_back(register_module("mix" + level, ConvLayer(out, out, 3, 1, /*activate=*/true)));
    if (out < before) {
      narrow_.emplace(in_.size() - 1,
                      register_module("narrow" + level, ConvLayer(before, out, 1, 1, /*activate=*/false)));
    }
    before = out;
  }
  out_ = register_module("out", ConvLayer(before, kFaceClassCount, 3, 1, /*activate=*/false));
}

at::Tensor ParsingHeadImpl::forward(const std::vector<at::Tensor>& stages) {
  at::Tensor y;
  for (size_t i = 0; i < in_.size(); ++i) {
    const at::Tensor seen = in_[i]->forward(stages[stages.size() - 1 - i]);
    if (const auto found = narrow_.find(i); found != narrow_.end()) y = found->second->forward(y);
    y = y.defined() ? upsample_2x(y, /*margin=*/0) + seen : seen;
    y = (y + mix_[i]->forward(y)) * (1.0 / kSqrt2);
  }
  return out_->forward(y);
}

void ParsingHeadImpl::prepare(at::ScalarType type) {
  for (auto* layers : {&in_, &mix_}) {
    for (ConvLayer& layer : *layers) layer->prepare(type);
  }
  for (auto& [level, layer] : narrow_) layer->prepare(type);
  out_->prepare(type);
}

}  // namespace toonmirror::nets
