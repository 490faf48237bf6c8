#include "toon/face_encoder.h"

#include "base/error.h"
#include "base/model_path.h"
#include "nets/find_networks.h"
#include "nets/model_file.h"

namespace toonmirror::toon {

FaceEncoder::FaceEncoder(const checkpoint::CheckpointFile& file, const std::filesystem::path& parser,
                         at::ScalarType precision, at::Device device)
    : precision_(precision) {
  static_assert(nets::kPspInputSize_px == nets::kHouseEncoderSize_px, "encoder and parser see one crop");
  const at::NoGradGuard no_grad;
  const std::filesystem::path path = parser.empty() ? find_model("parser", ".safetensors") : parser;
  parser_ = nets::load_face_parser(checkpoint::CheckpointFile(path));
  if (nets::is_house_file(file, "encoder")) {
    house_ = nets::load_house_encoder(file);
    shared_stages_ = nets::share_stages(*house_, parser_);
    house_->to(device);
    house_->prepare(precision_);
  } else {
    psp_ = nets::open_psp_encoder(file);
    psp_->to(device);
    psp_->eval();
    psp_->prepare(at::kFloat);
  }
  parser_->to(device);
  parser_->prepare(precision_);
}

int64_t FaceEncoder::w_dim() const { return psp_ ? psp_->options().style_dim : house_->options().w_dim; }

int64_t FaceEncoder::latent_count() const {
  return psp_ ? psp_->options().style_count() : house_->options().latent_count;
}

const std::map<int64_t, int64_t>& FaceEncoder::likeness_channels() const {
  static const std::map<int64_t, int64_t> kNone;
  return psp_ ? kNone : house_->options().likeness_channels;
}

at::Tensor FaceEncoder::parse(const at::Tensor& crop) const {
  nets::FaceParser parser = parser_;
  return parser->forward(crop.to(precision_));
}

EncodedFace FaceEncoder::encode(const at::Tensor& crop) const {
  // LibTorch's forward is not const, though these change nothing.
  nets::FaceParser parser = parser_;
  nets::HouseEncoder house = house_;
  nets::PspEncoder psp = psp_;
  const at::Tensor x = crop.to(precision_);
  if (psp) return {psp->w_plus(crop.to(at::kFloat).contiguous()), {}, parser->forward(x)};
  const std::vector<at::Tensor> seen = house->stages(x);
  return {house->latents(x, seen.back()).w_plus(), house->features(seen),
          shared_stages_ ? parser->parse(seen) : parser->forward(x)};
}

}  // namespace toonmirror::toon
