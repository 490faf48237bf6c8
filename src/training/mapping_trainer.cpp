#include "training/mapping_trainer.h"

#include <algorithm>

namespace toonmirror::training {
namespace {

constexpr int64_t kEncodeBatch = 32;
constexpr double kLeastVariance = 1e-3;  // of the largest

at::Tensor mean_distance(const at::Tensor& a, const at::Tensor& b) { return at::cdist(a, b).mean(); }

at::Tensor mean_distance_within(const at::Tensor& a) {
  // Without the zeros of the diagonal the estimate is unbiased.
  const double count = static_cast<double>(a.size(0));
  return at::cdist(a, a).sum() / (count * (count - 1.0));
}

at::Tensor energy_distance(const at::Tensor& a, const at::Tensor& b) {
  return 2.0 * mean_distance(a, b) - mean_distance_within(a) - mean_distance_within(b);
}

}  // namespace

at::Tensor encode_all(const PairPack& pack, nets::HouseEncoder& encoder, at::ScalarType type) {
  const at::NoGradGuard no_grad;
  const std::vector<int64_t>& rows = pack.training_rows();
  std::vector<at::Tensor> latents;
  for (size_t first = 0; first < rows.size(); first += kEncodeBatch) {
    const size_t last = std::min(first + kEncodeBatch, rows.size());
    const Batch batch = pack.batch(std::vector<int64_t>(rows.begin() + static_cast<int64_t>(first),
                                                        rows.begin() + static_cast<int64_t>(last)));
    latents.push_back(encoder->forward(batch.photo.to(type), /*parse=*/false).w);
  }
  return at::cat(latents);
}

double train_mapping(const MappingTrainingOptions& options, const at::Tensor& latents,
                     nets::Generator& generator) {
  torch::manual_seed(options.seed);
  const at::Tensor mean = latents.mean(0);
  const at::Tensor centred = latents - mean;
  const at::Tensor covariance = at::matmul(centred.t(), centred) / static_cast<double>(latents.size(0));
  const auto [values, vectors] = at::linalg_eigh(covariance);
  // Axes with next to no variance are noise of the encoder; scaling must not blow them up.
  const at::Tensor kept = (values > values.max() * kLeastVariance).nonzero().squeeze(1);
  const at::Tensor whitening = vectors.index_select(1, kept) * values.index_select(0, kept).rsqrt();
  const at::Tensor white = at::matmul(centred, whitening);
  const double scale = centred.square().sum(1).mean().sqrt().item<double>();

  nets::Mapping& mapping = generator->mapping;
  torch::optim::Adam adam(mapping->parameters(),
                          torch::optim::AdamOptions(options.learning_rate).betas({0.9, 0.99}));
  double distance = 0;
  for (int64_t step = 0; step < options.steps; ++step) {
    const double progress = static_cast<double>(step) / static_cast<double>(options.steps);
    for (auto& group : adam.param_groups()) {
      static_cast<torch::optim::AdamOptions&>(group.options())
          .lr(options.learning_rate * std::min(1.0, 2.0 * (1.0 - progress)));
    }
    const at::Tensor pick = at::randint(latents.size(0), {options.batch}, at::kLong);
    const at::Tensor mapped = mapping->forward(at::randn({options.batch, generator->options().z_dim})) - mean;
    const at::Tensor loss = energy_distance(at::matmul(mapped, whitening), white.index_select(0, pick)) +
                            energy_distance(mapped / scale, centred.index_select(0, pick) / scale);
    adam.zero_grad();
    loss.backward();
    adam.step();
    distance = loss.item<double>();
  }
  const at::NoGradGuard no_grad;
  mapping->w_avg.copy_(mean);
  return distance;
}

}  // namespace toonmirror::training
