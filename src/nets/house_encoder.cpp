#include "nets/house_encoder.h"

#include "base/error.h"
#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kSummarySize_px = 4;
constexpr int64_t kDeltaRank = 128;
constexpr int64_t kParseChannels = 32;

}  // namespace

HouseEncoderImpl::HouseEncoderImpl(const HouseEncoderOptions& options) : options_(options) {
  if (options_.resolution != 256 || options_.channels.size() != 5) {
    throw Error("house encoder of an unknown shape", "this version knows 256 px inputs and five stages");
  }
  int64_t in = 3;
  for (size_t i = 0; i < options_.channels.size(); ++i) {
    const int64_t out = options_.channels[i];
    const std::string stage = std::to_string(options_.resolution >> (i + 1));
    down_.push_back(register_module("b" + stage + "_down", ConvLayer(in, out, 3, 2, /*activate=*/true)));
    if (i > 0) {
      same_.push_back(register_module("b" + stage + "_same", ConvLayer(out, out, 3, 1, /*activate=*/true)));
      project_.push_back(
          register_module("parse" + stage, ConvLayer(out, kParseChannels, 1, 1, /*activate=*/false)));
    }
    if (const auto found = options_.likeness_channels.find(options_.resolution >> (i + 1));
        found != options_.likeness_channels.end()) {
      likeness_.emplace(found->first, register_module("likeness" + stage, ConvLayer(out, found->second, 1, 1,
                                                                                    /*activate=*/false)));
    }
    in = out;
  }
  const int64_t w_dim = options_.w_dim;
  summary_ = register_module("summary", FullyConnected(in * kSummarySize_px * kSummarySize_px, w_dim, true));
  latent_ = register_module("latent", FullyConnected(w_dim, w_dim, false));
  delta_in_ = register_module("delta_in", FullyConnected(w_dim, kDeltaRank, true));
  delta_out_ = register_module("delta_out", FullyConnected(kDeltaRank, options_.latent_count * w_dim, false));
  parse_mix_ = register_module("parse_mix", ConvLayer(kParseChannels, kParseChannels, 3, 1, true));
  parse_out_ = register_module("parse_out", ConvLayer(kParseChannels, kFaceClassCount, 3, 1, false));
  torch::NoGradGuard no_grad;
  delta_out_->weight.zero_();
}

HouseEncoding HouseEncoderImpl::forward(const at::Tensor& x, bool parse) {
  HouseEncoding result;
  std::vector<at::Tensor> stages;
  at::Tensor y = down_[0]->forward(x);
  for (size_t i = 0; i < same_.size(); ++i) {
    y = down_[i + 1]->forward(y);
    y = (y + same_[i]->forward(y)) * (1.0 / kSqrt2);
    stages.push_back(y);
    if (const auto found = likeness_.find(y.size(2)); found != likeness_.end()) {
      result.features.emplace(found->first, found->second->forward(y));
    }
  }
  const at::Tensor pooled = at::adaptive_avg_pool2d(y.to(at::kFloat), {kSummarySize_px, kSummarySize_px});
  const at::Tensor summary = summary_->forward(pooled.contiguous().flatten(1));
  result.w = latent_->forward(summary);
  result.deltas =
      delta_out_->forward(delta_in_->forward(summary)).view({-1, options_.latent_count, options_.w_dim});
  if (parse) {
    at::Tensor sum = project_.back()->forward(stages.back());
    for (size_t i = stages.size() - 1; i-- > 0;) {
      sum = upsample_2x(sum, /*margin=*/0) + project_[i]->forward(stages[i]);
    }
    result.parsing = parse_out_->forward(parse_mix_->forward(sum)).to(at::kFloat);
  }
  return result;
}

void HouseEncoderImpl::prepare(at::ScalarType type) {
  for (auto* layers : {&down_, &same_, &project_}) {
    for (ConvLayer& layer : *layers) layer->prepare(type);
  }
  for (auto& [resolution, layer] : likeness_) layer->prepare(type);
  parse_mix_->prepare(type);
  parse_out_->prepare(type);
}

}  // namespace toonmirror::nets
