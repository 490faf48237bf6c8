#include "nets/encoder_stages.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kMaxChannels = 4096;  // what a file may ask for

}  // namespace

std::map<int64_t, int64_t> stages_by_size(const std::vector<int64_t>& channels) {
  std::map<int64_t, int64_t> result;
  for (size_t i = 0; i < channels.size(); ++i) result[kHouseEncoderSize_px >> (i + 1)] = channels[i];
  return result;
}

EncoderStages::EncoderStages(torch::nn::Module& owner, const std::vector<int64_t>& channels) {
  if (channels.size() != 5) {
    throw Error("house encoder of " + std::to_string(channels.size()) + " stages", "this version knows five");
  }
  if (!std::ranges::all_of(channels, [](int64_t count) { return count >= 1 && count <= kMaxChannels; })) {
    throw Error("house encoder with a stage of no or too many channels");
  }
  int64_t in = 3;
  for (size_t i = 0; i < channels.size(); ++i) {
    const int64_t out = channels[i];
    const std::string stage = "b" + std::to_string(kHouseEncoderSize_px >> (i + 1));
    down_.emplace_back(owner.register_module(stage + "_down", ConvLayer(in, out, 3, 2, /*activate=*/true)));
    if (i > 0) {
      same_.emplace_back(
          owner.register_module(stage + "_same", ConvLayer(out, out, 3, 1, /*activate=*/true)));
    }
    in = out;
  }
}

std::vector<at::Tensor> EncoderStages::operator()(const at::Tensor& x) {
  at::Tensor y = down_[0]->forward(x);
  std::vector<at::Tensor> result = {y};
  for (size_t i = 0; i < same_.size(); ++i) {
    y = down_[i + 1]->forward(y);
    y = (y + same_[i]->forward(y)) * (1.0 / kSqrt2);
    result.push_back(y);
  }
  return result;
}

void EncoderStages::prepare(at::ScalarType type) {
  for (auto* layers : {&down_, &same_}) {
    for (ConvLayer& layer : *layers) layer->prepare(type);
  }
}

}  // namespace toonmirror::nets
