#include "toon/face_encoder.h"

#include "base/error.h"
#include "base/model_path.h"
#include "nets/find_networks.h"
#include "nets/model_file.h"

namespace toonmirror::toon {

FaceEncoder::FaceEncoder(const checkpoint::CheckpointFile& file, const std::filesystem::path& parser,
                         at::ScalarType precision, at::Device device)
    : precision_(precision) {
  const at::NoGradGuard no_grad;
  if (nets::is_house_file(file, "encoder")) {
    house_ = nets::load_house_encoder(file);
  } else {
    psp_ = nets::open_psp_encoder(file);
    const std::filesystem::path path = parser.empty() ? find_model("encoder", ".safetensors") : parser;
    house_ = nets::load_house_encoder(checkpoint::CheckpointFile(path));
    if (house_->options().resolution != nets::kPspInputSize_px) {
      throw Error(path.string() + ": parses crops of " + std::to_string(house_->options().resolution) +
                  " px, and the encoder beside it takes " + std::to_string(nets::kPspInputSize_px) + " px");
    }
    psp_->to(device);
    psp_->eval();
    psp_->prepare(at::kFloat);
  }
  house_->to(device);
  house_->prepare(precision_);
}

int64_t FaceEncoder::w_dim() const { return psp_ ? psp_->options().style_dim : house_->options().w_dim; }

int64_t FaceEncoder::latent_count() const {
  return psp_ ? psp_->options().style_count() : house_->options().latent_count;
}

const std::map<int64_t, int64_t>& FaceEncoder::likeness_channels() const {
  static const std::map<int64_t, int64_t> kNone;
  return psp_ ? kNone : house_->options().likeness_channels;
}

EncodedFace FaceEncoder::encode(const at::Tensor& crop) const {
  nets::HouseEncoder house = house_;  // LibTorch's forward is not const, though these change nothing
  nets::PspEncoder psp = psp_;
  nets::HouseEncoding encoding = house->forward(crop.to(precision_), /*parse=*/true);
  if (!psp) return {encoding.w_plus(), std::move(encoding.features), encoding.parsing};
  return {psp->w_plus(crop.to(at::kFloat).contiguous()), {}, encoding.parsing};
}

}  // namespace toonmirror::toon
