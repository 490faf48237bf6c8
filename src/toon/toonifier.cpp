#include "toon/toonifier.h"

#include <cstring>

#include "base/error.h"
#include "face/mask.h"
#include "nets/model_file.h"
#include "toon/blend.h"
#include "toon/pictures.h"
#include "toon/seeds.h"

namespace toonmirror::toon {
namespace {

static_assert(face::kLabelCount == nets::kFaceClassCount, "the parser's classes are the paste-back's labels");

// [1, C, H, W] → CV_32FC(C).
cv::Mat map_from_tensor(const at::Tensor& probabilities) {
  const at::Tensor values = probabilities[0].permute({1, 2, 0}).cpu().contiguous();
  cv::Mat map(static_cast<int>(values.size(0)), static_cast<int>(values.size(1)), CV_32FC(face::kLabelCount));
  std::memcpy(map.data, values.data_ptr<float>(), values.nbytes());
  return map;
}

void check_match(const Style& style, const checkpoint::CheckpointFile& encoder_file,
                 const FaceEncoder& encoder, const nets::GeneratorOptions& generator) {
  const checkpoint::CheckpointFile face_file(style.face);
  if (!nets::may_share_latents(encoder_file, face_file)) {
    throw Error(style.file.string() + ": its encoder belongs to the family " + nets::family_of(encoder_file) +
                    ", its generator to " + nets::family_of(face_file),
                "an encoder finds latents for generators of its own family only");
  }
  if (encoder.w_dim() != generator.w_dim || encoder.latent_count() != generator.latent_count()) {
    throw Error(style.file.string() + ": its encoder finds " + std::to_string(encoder.latent_count()) +
                    " latents of " + std::to_string(encoder.w_dim()) + " numbers, its generator takes " +
                    std::to_string(generator.latent_count()) + " of " + std::to_string(generator.w_dim),
                "an encoder fits the generator it was trained with, and that one's children");
  }
  if (!encoder.likeness_channels().empty() && encoder.likeness_channels() != generator.likeness_channels) {
    throw Error(style.file.string() + ": the likeness features of its encoder and its generator do not fit");
  }
}

const Style& checked(const Style& style) {
  check_style(style);
  return style;
}

}  // namespace

Toonifier::Toonifier(const Style& style, at::ScalarType precision, at::Device device)
    : Toonifier(checked(style), checkpoint::CheckpointFile(style.encoder), precision, device) {}

Toonifier::Toonifier(const Style& style, const checkpoint::CheckpointFile& encoder_file,
                     at::ScalarType precision, at::Device device)
    : style_(style),
      precision_(precision),
      device_(device),
      encoder_(encoder_file, style.parser, precision, device),
      blended_(style) {
  const at::NoGradGuard no_grad;
  generator_ = blended_.generator();
  check_match(style_, encoder_file, encoder_, generator_->options());
  blended_.prepare(device_, precision_);
}

void Toonifier::restyle(const Style& style) {
  check_style(style);
  const at::NoGradGuard no_grad;
  blended_.set(style.blend);
  style_.blend = style.blend;
  style_.psi = style.psi;
  style_.likeness = style.likeness;
}

at::Tensor Toonifier::latent_of_seed(uint32_t seed) const {
  const c10::InferenceMode inference;
  nets::Generator generator = generator_;
  const at::Tensor z = toon::latent_of_seed(seed, generator->options().z_dim).to(device_);
  return generator->map(z, style_.psi);
}

at::Tensor Toonifier::checked_crop(const cv::Mat& crop_rgb) const {
  if (crop_rgb.type() != CV_8UC3 || crop_rgb.rows != crop_size_px() || crop_rgb.cols != crop_size_px()) {
    throw Error("toonifier: the crop is not RGB of " + std::to_string(crop_size_px()) + " px");
  }
  return tensor_from_picture(crop_rgb, device_);
}

FaceCode Toonifier::encode(const cv::Mat& crop_rgb) const {
  const c10::InferenceMode inference;
  // Public encoders compute in float: the picture must not lose precision on its way to them.
  const EncodedFace encoding = encoder_.encode(checked_crop(crop_rgb));
  FaceCode code;
  const at::Tensor& average = generator_->mapping->w_avg;
  code.ws = encoding.w_plus;
  if (style_.psi != 1) code.ws = average + style_.psi * (code.ws - average);
  if (style_.likeness > 0) {
    for (const auto& [resolution, features] : encoding.features) {
      code.features[resolution] = style_.likeness == 1 ? features : features * style_.likeness;
    }
  }
  code.parsing = map_from_tensor(encoding.parsing.softmax(1));
  return code;
}

cv::Mat Toonifier::parse(const cv::Mat& crop_rgb) const {
  constexpr int kStride_px = 32;  // of the parser's coarsest stage
  if (crop_rgb.type() != CV_8UC3 || crop_rgb.empty() || crop_rgb.rows != crop_rgb.cols ||
      crop_rgb.cols % kStride_px != 0) {
    throw Error("toonifier: what is to be parsed is no RGB square of a multiple of 32 px");
  }
  const c10::InferenceMode inference;
  return map_from_tensor(encoder_.parse(tensor_from_picture(crop_rgb, device_)).softmax(1));
}

cv::Mat Toonifier::render(const FaceCode& code, int largest_px) const {
  const c10::InferenceMode inference;
  nets::Generator generator = generator_;
  nets::SynthesisOptions options;
  options.compute_type = precision_;
  if (largest_px > 0) options.max_resolution = largest_px;
  return picture_from_tensor(generator->synthesize(code.ws, code.features, options));
}

}  // namespace toonmirror::toon
