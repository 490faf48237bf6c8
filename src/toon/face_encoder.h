// From the aligned crop of a face to latents, likeness features and parsing: with the house encoder, or with
// a public one (pSp, e4e), and with the house's parser.
#pragma once

#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint_file.h"
#include "nets/face_parser.h"
#include "nets/house_encoder.h"
#include "nets/psp_encoder.h"

namespace toonmirror::toon {

struct EncodedFace {
  at::Tensor w_plus;                // [N, latent_count, w_dim] float
  nets::LikenessFeatures features;  // not scaled; empty with a public encoder
  at::Tensor parsing;               // [N, 11, 128, 128] logits
};

// Shared by all threads: nothing changes after construction.
class FaceEncoder {
 public:
  // `file` holds a house encoder, a pSp or an e4e one, `parser` a face parser or a house encoder, which has
  // one; where empty, the model named "parser" (base/model_path.h) is taken. A parser on the stages of the
  // encoder beside it costs its head alone. Public encoders compute in float, which is what they are exact
  // in. Throws Error where a file holds no such network.
  FaceEncoder(const checkpoint::CheckpointFile& file, const std::filesystem::path& parser,
              at::ScalarType precision, at::Device device);

  // Of the square crops that encode() takes.
  int64_t crop_size_px() const { return nets::kHouseEncoderSize_px; }
  int64_t w_dim() const;
  int64_t latent_count() const;
  // As in the generator; empty with a public encoder.
  const std::map<int64_t, int64_t>& likeness_channels() const;

  // crop [N, 3, crop_size_px, crop_size_px] RGB in [-1, 1], of any float type.
  EncodedFace encode(const at::Tensor& crop) const;

  // What the parser alone sees in such a crop, logits [N, 11, 128, 128].
  at::Tensor parse(const at::Tensor& crop) const;

 private:
  at::ScalarType precision_;
  nets::FaceParser parser_{nullptr};
  nets::HouseEncoder house_{nullptr};  // or
  nets::PspEncoder psp_{nullptr};
  bool shared_stages_ = false;  // the house encoder's are the parser's
};

}  // namespace toonmirror::toon
