#include "training/mapping_trainer.h"

#include <algorithm>

#include "base/error.h"
#include "nets/layers.h"

namespace toonmirror::training {
namespace {

constexpr size_t kEncodeBatch = 32;
constexpr double kLeak = 0.2;  // of the mapping's activation below zero
// Eigenfaces beyond these, drawn independently of each other, make double exposures and not faces.
constexpr int64_t kMostAxes = 48;

}  // namespace

EncodedPhotos encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> w, w_plus;
  pack.for_each_batch(pack.training_rows(), kEncodeBatch, [&](const Batch& batch) {
    const nets::HouseEncoding code = encoder->forward(batch.photo.to(type), /*parse=*/false);
    w.push_back(code.w);
    w_plus.push_back(code.w_plus());
  });
  return {at::cat(w), at::cat(w_plus)};
}

double fit_mapping(const at::Tensor& latents, nets::Generator& generator) {
  const nets::GeneratorOptions& options = generator->options();
  if (options.mapping_layers != 2) throw Error("only a mapping network of two layers can be fitted");
  const at::NoGradGuard no_grad;
  // What the last layer has to give before its activation, lrelu(0.2) · √2.
  const at::Tensor before = at::where(latents > 0, latents, latents / kLeak) / nets::kSqrt2;
  const at::Tensor mean = before.mean(0);
  const at::Tensor centred = before - mean;
  const auto [values, vectors] =
      at::linalg_eigh(at::matmul(centred.t(), centred) / static_cast<double>(latents.size(0)));
  const int64_t axes = std::min({options.z_dim, options.w_dim / 2, kMostAxes});
  const at::Tensor spread = values.narrow(0, values.size(0) - axes, axes).clamp_min(0).sqrt();
  const at::Tensor directions = vectors.narrow(1, vectors.size(1) - axes, axes) * spread;  // [w_dim, axes]

  // The first layer hands on z and −z, because lrelu(x) − lrelu(−x) is linear.
  const at::Tensor pass = at::eye(axes, options.z_dim);
  const double gain = 1.0 / (nets::kSqrt2 * (1.0 + kLeak));
  at::Tensor first = at::zeros({options.w_dim, options.z_dim});
  first.narrow(0, 0, axes).copy_(pass);
  first.narrow(0, axes, axes).copy_(-pass);
  at::Tensor second = at::zeros({options.w_dim, options.w_dim});
  second.narrow(1, 0, axes).copy_(directions * gain);
  second.narrow(1, axes, axes).copy_(-directions * gain);
  generator->mapping->layer(0)->set(first, at::zeros({options.w_dim}));
  generator->mapping->layer(1)->set(second, mean);
  generator->mapping->w_avg.copy_(latents.mean(0));
  return (spread.square().sum() / values.sum()).item<double>();
}

}  // namespace toonmirror::training
