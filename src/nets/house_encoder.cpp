#include "nets/house_encoder.h"

#include "base/error.h"
#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kSummarySize_px = 4;
constexpr int64_t kDeltaRank = 128;

}  // namespace

HouseEncoderImpl::HouseEncoderImpl(const HouseEncoderOptions& options) : options_(options) {
  if (options_.resolution != 256 || options_.channels.size() != 5) {
    throw Error("house encoder of an unknown shape", "this version knows 256 px inputs and five stages");
  }
  int64_t in = 3;
  std::map<int64_t, int64_t> parsed;
  for (size_t i = 0; i < options_.channels.size(); ++i) {
    const int64_t out = options_.channels[i];
    const std::string stage = std::to_string(options_.resolution >> (i + 1));
    down_.emplace_back(register_module("b" + stage + "_down", ConvLayer(in, out, 3, 2, /*activate=*/true)));
    if (i > 0) {
      same_.emplace_back(
          register_module("b" + stage + "_same", ConvLayer(out, out, 3, 1, /*activate=*/true)));
    }
    parsed.emplace(options_.resolution >> (i + 1), out);
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
  parsing_ = register_module("parsing", ParsingHead(parsed, options_.parsing_channels));
  torch::NoGradGuard no_grad;
  delta_out_->weight.zero_();
}

std::vector<at::Tensor> HouseEncoderImpl::stages(const at::Tensor& x) {
  at::Tensor y = down_[0]->forward(x);
  std::vector<at::Tensor> result = {y};
  for (size_t i = 0; i < same_.size(); ++i) {
    y = down_[i + 1]->forward(y);
    y = (y + same_[i]->forward(y)) * (1.0 / kSqrt2);
    result.push_back(y);
  }
  return result;
}

HouseEncoding HouseEncoderImpl::forward(const at::Tensor& x, bool parse) {
  HouseEncoding result;
  const std::vector<at::Tensor> seen = stages(x);
  for (const at::Tensor& stage : seen) {
    if (const auto found = likeness_.find(stage.size(2)); found != likeness_.end()) {
      result.features.emplace(found->first, found->second->forward(stage));
    }
  }
  const at::Tensor pooled =
      at::adaptive_avg_pool2d(seen.back().to(at::kFloat), {kSummarySize_px, kSummarySize_px});
  const at::Tensor summary = summary_->forward(pooled.contiguous().flatten(1));
  result.w = latent_->forward(summary);
  result.deltas =
      delta_out_->forward(delta_in_->forward(summary)).view({-1, options_.latent_count, options_.w_dim});
  if (parse) result.parsing = parsing_->forward(seen).to(at::kFloat);
  return result;
}

void HouseEncoderImpl::prepare(at::ScalarType type) {
  for (auto* layers : {&down_, &same_}) {
    for (ConvLayer& layer : *layers) layer->prepare(type);
  }
  for (auto& [resolution, layer] : likeness_) layer->prepare(type);
  parsing_->prepare(type);
}

}  // namespace toonmirror::nets
