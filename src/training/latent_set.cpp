#include "training/latent_set.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/model_keys.h"
#include "base/parallel.h"
#include "training/generator_trainer.h"
#include "training/tally.h"

namespace toonmirror::training {
namespace {

constexpr const char* kLatentsKind = "latents";
constexpr int64_t kEncodeBatch = 32;

}  // namespace

at::Tensor LatentAxes::whiten(const at::Tensor& latents) const {
  return at::matmul(latents - mean, vectors) / spread;
}

at::Tensor LatentAxes::unwhiten(const at::Tensor& coordinates) const {
  return at::matmul(coordinates * spread, vectors.t()) + mean;
}

at::Tensor LatentAxes::weights(int64_t axes) const {
  const at::Tensor counted = spread.narrow(0, 0, axes);
  return counted / counted.mean();
}

void LatentAxes::lead(double share) {
  const at::Tensor variance = spread.to(at::kDouble).square();
  const at::Tensor held = variance.cumsum(0) / variance.sum();
  leading = std::min((held < share).sum().item<int64_t>() + 1, variance.size(0));
}

LatentAxes find_axes(const at::Tensor& latents, double share) {
  const at::NoGradGuard no_grad;
  const at::Tensor exact = latents.to(at::kDouble);
  const at::Tensor mean = exact.mean(0), centred = exact - mean;
  const auto [values, vectors] =
      at::linalg_eigh(at::matmul(centred.t(), centred) / static_cast<double>(exact.size(0)));
  const at::Tensor variance = values.flip({0}).clamp_min(0.0);
  // An axis along which nothing differs must not divide by nothing.
  const double least = std::max(1e-12, 1e-8 * variance[0].item<double>());
  LatentAxes axes;
  axes.mean = mean.to(at::kFloat);
  axes.vectors = vectors.flip({1}).to(at::kFloat).contiguous();
  axes.spread = variance.clamp_min(least).sqrt().to(at::kFloat);
  axes.lead(share);
  return axes;
}

void save_latents(const std::filesystem::path& path, const LatentSet& latents,
                  const checkpoint::Metadata& metadata) {
  checkpoint::Metadata all = metadata;
  all[kKindKey] = kLatentsKind;
  checkpoint::write_safetensors(path,
                                {{"training", latents.training},
                                 {"held_out", latents.held_out},
                                 {"mean", latents.axes.mean},
                                 {"vectors", latents.axes.vectors},
                                 {"spread", latents.axes.spread},
                                 {"leading", at::tensor({latents.axes.leading}, at::kLong)}},
                                all);
}

LatentSet load_latents(const checkpoint::SafetensorsFile& file) {
  if (file.required_metadata(kKindKey) != kLatentsKind) {
    throw Error(file.path().string() + ": holds no latents of photos");
  }
  return {file.tensor("training"),
          file.tensor("held_out"),
          {file.tensor("mean"), file.tensor("vectors"), file.tensor("spread"),
           file.tensor("leading")[0].item<int64_t>()}};
}

LatentSet encode_varied(const PairPack& pack, nets::HouseEncoder encoder, const EncodingOptions& options,
                        const std::function<void(const std::string&)>& log) {
  if (options.variants < 1) throw Error("a photo needs at least one latent");
  const at::ScalarType type = training_type(options.precision);
  encoder->prepare(type);
  const auto parts_of = [](int64_t count) { return (count + kEncodeBatch - 1) / kEncodeBatch; };
  const std::vector<int64_t>&training = pack.training_rows(), &held_out = pack.held_out_rows();
  const int64_t plain = std::ssize(training), varied = (options.variants - 1) * plain;
  const int64_t first_varied = parts_of(plain), first_held_out = first_varied + parts_of(varied);
  const int64_t end = first_held_out + parts_of(std::ssize(held_out));
  const auto photos_of = [&](int64_t part) {
    const auto rows = [](const std::vector<int64_t>& all, int64_t index) {
      const auto begin = all.begin() + index * kEncodeBatch;
      return std::vector<int64_t>(begin, begin + std::min(kEncodeBatch, all.end() - begin));
    };
    if (part < first_varied) return pack.batch(rows(training, part)).photo;
    if (part >= first_held_out) return pack.batch(rows(held_out, part - first_held_out)).photo;
    // Seeded by part, so that the number of threads changes nothing.
    std::seed_seq seed{options.seed, static_cast<uint64_t>(part)};
    std::mt19937_64 random(seed);
    const int64_t count = std::min(kEncodeBatch, varied - (part - first_varied) * kEncodeBatch);
    return pack.random_batch(count, options.augmentation, random).photo;
  };
  std::vector<at::Tensor> latents(static_cast<size_t>(end));
  Tally tally(log, "photos encoded", plain + varied + std::ssize(held_out));
  const Workers workers = {static_cast<int>(options.workers), [] { at::set_num_threads(1); }};
  for_each_index(latents.size(), workers, [&] {
    return [&](size_t index) {
      const at::NoGradGuard no_grad;
      nets::HouseEncoder own = encoder;  // a handle to the same network
      const at::Tensor photos = photos_of(static_cast<int64_t>(index)).to(type);
      latents[index] = own->forward(photos, /*parse=*/false).w.to(at::kFloat);
      tally.add(photos.size(0));
    };
  });
  const auto held_out_begin = latents.begin() + first_held_out;
  LatentSet result;
  result.training = at::cat(std::vector<at::Tensor>(latents.begin(), held_out_begin));
  result.held_out = held_out.empty() ? at::empty({0, result.training.size(1)})
                                     : at::cat(std::vector<at::Tensor>(held_out_begin, latents.end()));
  result.axes = find_axes(result.training);
  return result;
}

double energy_distance(const at::Tensor& a, const at::Tensor& b) {
  const auto mean_within = [](const at::Tensor& x) {
    const auto count = static_cast<double>(x.size(0));
    return at::cdist(x, x).sum(at::kDouble).item<double>() / (count * (count - 1.0));
  };
  return 2.0 * at::cdist(a, b).mean(at::kDouble).item<double>() - mean_within(a) - mean_within(b);
}

}  // namespace toonmirror::training
