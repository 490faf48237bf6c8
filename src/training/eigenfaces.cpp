#include "training/eigenfaces.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "training/losses.h"

namespace toonmirror::training {
namespace {

constexpr size_t kBatch = 64;
constexpr int64_t kSpareDirections = 128;  // beyond those wanted, which makes the iteration converge
constexpr int kIterations = 3;

struct Photos {
  at::Tensor pictures;      // [2N, P], the second half mirrored
  at::Tensor pixel_weight;  // [P]
};

Photos small_photos(const PairPack& pack, int64_t size_px) {
  const std::vector<int64_t>& rows = pack.training_rows();
  std::vector<at::Tensor> pictures;
  at::Tensor weight = at::zeros({1, 1, size_px, size_px});
  pack.for_each_batch(rows, kBatch, [&](const Batch& batch) {
    pictures.push_back(nets::small_picture(batch.photo, size_px));
    weight += region_weights(batch.labels, size_px).sum(0, /*keepdim=*/true);
  });
  const at::Tensor upright = at::cat(pictures);
  weight = (weight + weight.flip({3})) / (2.0 * static_cast<double>(rows.size()));
  return {at::cat({upright, upright.flip({3})}).flatten(1), weight.expand({1, 3, -1, -1}).flatten()};
}

at::Tensor orthonormal(const at::Tensor& columns) { return std::get<0>(at::linalg_qr(columns)); }

}  // namespace

Eigenfaces find_eigenfaces(const PairPack& pack, int64_t size_px, int64_t count) {
  const at::NoGradGuard no_grad;
  Photos photos = small_photos(pack, size_px);
  const int64_t pictures = photos.pictures.size(0), numbers = photos.pictures.size(1);
  Eigenfaces result = {size_px, photos.pictures.mean(0), photos.pixel_weight, at::zeros({numbers, count}),
                       at::zeros({count})};
  const at::Tensor data = photos.pictures.sub_(result.mean).mul_(photos.pixel_weight);
  at::Tensor basis =
      orthonormal(at::randn({numbers, std::min({count + kSpareDirections, pictures, numbers})}));
  for (int i = 0; i < kIterations; ++i) basis = orthonormal(at::matmul(data.t(), at::matmul(data, basis)));
  const at::Tensor coordinates = at::matmul(data, basis);
  const auto [variances, axes] =
      at::linalg_eigh(at::matmul(coordinates.t(), coordinates) / static_cast<double>(pictures));
  const int64_t found = std::min(count, variances.size(0));
  result.directions.narrow(1, 0, found).copy_(at::matmul(basis, axes.flip({1})).narrow(1, 0, found));
  result.deviation.narrow(0, 0, found).copy_(variances.flip({0}).narrow(0, 0, found).clamp_min(0.0).sqrt());
  return result;
}

void begin_at(const Eigenfaces& eigenfaces, nets::HouseEncoder& encoder, nets::Generator& generator) {
  const at::NoGradGuard no_grad;
  const int64_t count = eigenfaces.deviation.size(0);
  if (encoder->options().projection_px != eigenfaces.size_px ||
      generator->options().latent_picture_px != eigenfaces.size_px || encoder->options().w_dim != count) {
    throw Error("eigenfaces of another size than encoder and generator");
  }
  encoder->silence_stages();
  const at::Tensor present = (eigenfaces.deviation > 1e-6).to(at::kFloat);
  // Between the coordinates themselves, of which a few would be all, and their whitened form, in which noise
  // weighs as much as the shape of a head.
  const at::Tensor root = eigenfaces.deviation.clamp_min(1e-6).sqrt();
  const at::Tensor scale = present * eigenfaces.deviation.mean().clamp_min(1e-6).rsqrt() / root;
  const at::Tensor offset = scale * eigenfaces.deviation * kLatentOffset;
  const at::Tensor project = (eigenfaces.directions * scale).t() * eigenfaces.pixel_weight;  // [K, P]
  encoder->projection()->set(project, offset - at::matmul(project, eigenfaces.mean));

  const at::Tensor pictures =  // [P, K]
      (eigenfaces.directions / scale.clamp_min(1e-6) * present) / eigenfaces.pixel_weight.unsqueeze(1);
  generator->synthesis->picture->linear->set(pictures, -at::matmul(pictures, offset));
}

}  // namespace toonmirror::training
