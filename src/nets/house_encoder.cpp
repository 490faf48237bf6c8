#include "nets/house_encoder.h"

#include "base/error.h"
#include "nets/modulation.h"

namespace toonmirror::nets {
namespace {

constexpr int64_t kSummarySize_px = 4;
constexpr int64_t kDeltaRank = 128;
constexpr int64_t kMaxProjectionSize_px = 64;
constexpr double kProjectionRate = 0.01;  // relative to the other layers, see kPictureRate of stylegan2.cpp

}  // namespace

at::Tensor small_picture(const at::Tensor& pictures, int64_t size_px) {
  return at::adaptive_avg_pool2d(pictures.to(at::kFloat), {size_px, size_px}).contiguous();
}

HouseEncoderImpl::HouseEncoderImpl(const HouseEncoderOptions& options)
    : options_(options), stages_(*this, options_.channels) {
  if (options_.resolution != kHouseEncoderSize_px) {
    throw Error("house encoder of " + std::to_string(options_.resolution) + " px",
                "this version knows 256 px inputs");
  }
  if (options_.projection_px < 0 || options_.projection_px > kMaxProjectionSize_px) {
    throw Error("house encoder that projects pictures of " + std::to_string(options_.projection_px) + " px");
  }
  const std::map<int64_t, int64_t> stages = stages_by_size(options_.channels);
  for (const auto& [resolution, channels] : options_.likeness_channels) {
    const auto seen = stages.find(resolution);
    if (seen == stages.end()) continue;
    likeness_.emplace(resolution,
                      register_module("likeness" + std::to_string(resolution),
                                      ConvLayer(seen->second, channels, 1, 1, /*activate=*/false)));
  }
  const int64_t w_dim = options_.w_dim;
  summary_ = register_module(
      "summary", FullyConnected(options_.channels.back() * kSummarySize_px * kSummarySize_px, w_dim, true));
  latent_ = register_module("latent", FullyConnected(w_dim, w_dim, false));
  delta_in_ = register_module("delta_in", FullyConnected(w_dim, kDeltaRank, true));
  delta_out_ = register_module("delta_out", FullyConnected(kDeltaRank, options_.latent_count * w_dim, false));
  if (options_.projection_px > 0) {
    const int64_t numbers = 3 * options_.projection_px * options_.projection_px;
    projection_ = register_module("projection", FullyConnected(numbers, w_dim, false, kProjectionRate));
  }
  parsing_ = register_module("parsing", ParsingHead(stages, plain_levels(stages, options_.parsing_channels)));
  torch::NoGradGuard no_grad;
  delta_out_->weight.zero_();
}

LikenessFeatures HouseEncoderImpl::features(const std::vector<at::Tensor>& stages) {
  LikenessFeatures result;
  for (const at::Tensor& stage : stages) {
    if (const auto found = likeness_.find(stage.size(2)); found != likeness_.end()) {
      result.emplace(found->first, found->second->forward(stage));
    }
  }
  return result;
}

HouseEncoding HouseEncoderImpl::latents(const at::Tensor& x, const at::Tensor& last_stage) {
  const at::Tensor pooled =
      at::adaptive_avg_pool2d(last_stage.to(at::kFloat), {kSummarySize_px, kSummarySize_px});
  const at::Tensor summary = summary_->forward(pooled.contiguous().flatten(1));
  HouseEncoding result;
  result.w = latent_->forward(summary);
  if (projection_) {
    result.w = result.w + projection_->forward(small_picture(x, options_.projection_px).flatten(1));
  }
  result.deltas =
      delta_out_->forward(delta_in_->forward(summary)).view({-1, options_.latent_count, options_.w_dim});
  return result;
}

HouseEncoding HouseEncoderImpl::forward(const at::Tensor& x, bool parse) {
  const std::vector<at::Tensor> seen = stages(x);
  HouseEncoding result = latents(x, seen.back());
  result.features = features(seen);
  if (parse) result.parsing = parsing_->forward(seen).to(at::kFloat);
  return result;
}

std::vector<torch::nn::Module*> HouseEncoderImpl::latent_heads() {
  std::vector<torch::nn::Module*> result = {summary_.get(), latent_.get(), delta_in_.get(), delta_out_.get()};
  if (projection_) result.push_back(projection_.get());
  return result;
}

void HouseEncoderImpl::silence_stages() {
  const torch::NoGradGuard no_grad;
  for (FullyConnected* layer : {&latent_, &delta_out_}) {
    (*layer)->weight.zero_();
    (*layer)->bias.zero_();
  }
}

void HouseEncoderImpl::prepare(at::ScalarType type) {
  stages_.prepare(type);
  for (auto& [resolution, layer] : likeness_) layer->prepare(type);
  parsing_->prepare(type);
}

}  // namespace toonmirror::nets
