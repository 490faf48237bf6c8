#include "training/encoder_sight.h"

#include "nets/model_file.h"
#include "training/critics.h"

namespace toonmirror::training {

nets::HouseEncoder frozen_copy(const nets::HouseEncoder& encoder) {
  nets::HouseEncoder result(encoder->options());
  nets::assign_tensors(*result, nets::named_tensors(*encoder), "encoder");
  for (at::Tensor& parameter : result->parameters()) parameter.requires_grad_(false);
  return result;
}

at::Tensor at_encoder_size(const at::Tensor& pictures) {
  constexpr int64_t kSize_px = nets::kHouseEncoderSize_px;
  if (pictures.size(2) == kSize_px) return pictures;
  if (pictures.size(2) > kSize_px) return at::adaptive_avg_pool2d(pictures, {kSize_px, kSize_px});
  return at::upsample_bilinear2d(pictures, {kSize_px, kSize_px}, /*align_corners=*/false);
}

EncoderSight::EncoderSight(const nets::HouseEncoder& encoder, KeptLayers kept, at::ScalarType type)
    : kept_(kept), type_(type) {
  if (kept_ == KeptLayers::kNone) return;
  frozen_ = frozen_copy(encoder);
  frozen_->prepare(type_);
}

nets::HouseEncoding EncoderSight::encode(nets::HouseEncoder& learning, const at::Tensor& photos,
                                         bool parse) const {
  const at::Tensor x = photos.to(type_);
  if (kept_ == KeptLayers::kNone) return learning->forward(x, parse);
  nets::HouseEncoder frozen = frozen_;
  std::vector<at::Tensor> seen;
  nets::LikenessFeatures features;
  {
    const at::NoGradGuard no_grad;
    if (kept_ == KeptLayers::kAll) return frozen->forward(x, /*parse=*/false);
    seen = frozen->stages(x);
    features = frozen->features(seen);
  }
  nets::HouseEncoding code = learning->latents(photos, seen.back());
  code.features = std::move(features);
  return code;
}

at::Tensor EncoderSight::classes(nets::HouseEncoder& learning, const at::Tensor& pictures) const {
  const at::NoGradGuard no_grad;
  nets::HouseEncoder encoder = kept_ == KeptLayers::kNone ? learning : frozen_;
  const at::Tensor x = at_encoder_size(pictures.detach()).to(type_);
  const at::Tensor logits =
      encoder->forward(x.contiguous(at::MemoryFormat::ChannelsLast), /*parse=*/true).parsing;
  return class_shares(logits.argmax(1));
}

}  // namespace toonmirror::training
