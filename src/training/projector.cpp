#include "training/projector.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "checkpoint/checkpoint_file.h"
#include "nets/model_file.h"
#include "training/losses.h"

namespace toonmirror::training {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCompared_px = 256;

at::Tensor reduced(const at::Tensor& picture, int64_t size_px) {
  const int64_t factor = picture.size(2) / size_px;
  return factor <= 1 ? picture : at::avg_pool2d(picture, factor);
}

// How far two pictures are apart; differentiable in the first.
class Distance {
 public:
  explicit Distance(const fs::path& nets) {
    if (!nets.empty()) perceptual_.emplace(nets, at::kFloat);
  }

  at::Tensor operator()(const at::Tensor& a, const at::Tensor& b) const {
    const at::Tensor from = reduced(a, kCompared_px), to = reduced(b, kCompared_px);
    at::Tensor sum = at::zeros({});
    for (const int64_t size : {kCompared_px, kCompared_px / 4, kCompared_px / 16}) {
      const at::Tensor x = reduced(from, size), y = reduced(to, size);
      const at::Tensor everywhere = at::ones({1, 1, x.size(2), x.size(3)});
      sum = sum + weighted_l1(x, y, everywhere) + gradient_l1(x, y, everywhere);
    }
    return perceptual_ ? (*perceptual_)(from, to) + sum : sum;
  }

 private:
  std::optional<PerceptualLoss> perceptual_;
};

// What keeps noise pictures from carrying the face: no correlation with themselves a pixel aside, at any
// scale down to 8 px (projector.py).
at::Tensor correlation(at::Tensor noise) {
  noise = noise.unsqueeze(0).unsqueeze(0);
  at::Tensor sum = at::zeros({});
  while (true) {
    for (const int64_t dimension : {2, 3}) {
      sum = sum + (noise * at::roll(noise, 1, dimension)).mean().square();
    }
    if (noise.size(2) <= 8) return sum;
    noise = at::avg_pool2d(noise, 2);
  }
}

class Projection {
 public:
  Projection(nets::Generator generator, at::Tensor target, const at::Tensor& z,
             const ProjectorOptions& options)
      : generator_(std::move(generator)),
        target_(std::move(target)),
        options_(options),
        distance_(options.nets) {
    const at::NoGradGuard no_grad;
    const nets::GeneratorOptions& shape = generator_->options();
    const at::Tensor w = generator_->mapping->forward(z);
    const at::Tensor mean = w.mean(0, /*keepdim=*/true);
    deviation_ = ((w - mean).square().sum() / z.size(0)).sqrt().item<double>();
    variables_.push_back(mean.unsqueeze(1).repeat({1, options.each_row ? shape.latent_count() : 1, 1}));
    for (const auto& item : generator_->named_buffers()) {
      if (!item.key().ends_with("noise_const")) continue;
      noises_.push_back(item.value());
      item.value().normal_();
      variables_.push_back(item.value());
    }
    for (at::Tensor& variable : variables_) {
      variable.requires_grad_(true);
      moments_.push_back(at::zeros_like(variable));
      squares_.push_back(at::zeros_like(variable));
    }
    for (at::Tensor& parameter : generator_->parameters()) parameter.requires_grad_(false);
  }

  ~Projection() {
    for (at::Tensor& noise : noises_) noise.requires_grad_(false);
  }
  Projection(const Projection&) = delete;
  Projection& operator=(const Projection&) = delete;

  int64_t done() const { return done_; }

  double step() {
    const double t = static_cast<double>(done_) / static_cast<double>(options_.steps);
    const double fading = std::max(0.0, 1.0 - t / options_.latent_noise_share);
    const double spread = deviation_ * options_.latent_noise * fading * fading;
    at::Tensor& latents = variables_.front();
    const at::Tensor picture = draw(latents + at::randn_like(latents) * spread);
    const at::Tensor distance = distance_(picture, target_);
    at::Tensor loss = distance;
    for (const at::Tensor& noise : noises_) loss = loss + options_.noise_regularisation * correlation(noise);
    loss.backward();
    update(t);
    ++done_;
    return distance.item<double>();
  }

  // W+, all rows.
  at::Tensor rows() const {
    const int64_t count = generator_->options().latent_count();
    return variables_.front().detach().expand({1, count, -1}).contiguous();
  }

  at::Tensor picture() {
    const at::NoGradGuard no_grad;
    return draw(variables_.front())[0];
  }

  void save(const fs::path& path) const {
    checkpoint::NamedTensors tensors;
    for (size_t i = 0; i < variables_.size(); ++i) {
      const std::string name = std::to_string(i);
      tensors["variable." + name] = variables_[i].detach();
      tensors["moment." + name] = moments_[i];
      tensors["square." + name] = squares_[i];
    }
    tensors["target"] = target_;
    checkpoint::write_safetensors(
        path, tensors, {{"done", std::to_string(done_)}, {"steps", std::to_string(options_.steps)}});
  }

  void restore(const fs::path& path) {
    const at::NoGradGuard no_grad;
    const checkpoint::CheckpointFile file(path);
    const auto same_shape = [&file](const std::string& name, const at::Tensor& tensor) {
      const auto found = file.tensors().find(name);
      return found != file.tensors().end() && at::IntArrayRef(found->second.shape) == tensor.sizes();
    };
    bool same = file.metadata().contains("done") && file.metadata().contains("steps") &&
                file.metadata().at("steps") == std::to_string(options_.steps) &&
                same_shape("target", target_) && at::allclose(file.tensor("target"), target_);
    for (size_t i = 0; i < variables_.size(); ++i) {
      for (const char* kind : {"variable.", "moment.", "square."}) {
        same = same && same_shape(kind + std::to_string(i), variables_[i]);
      }
    }
    if (!same) {
      throw Error(path.string() + ": is the state of another projection", "remove it to begin anew");
    }
    for (size_t i = 0; i < variables_.size(); ++i) {
      const std::string name = std::to_string(i);
      variables_[i].copy_(file.tensor("variable." + name));
      moments_[i].copy_(file.tensor("moment." + name));
      squares_[i].copy_(file.tensor("square." + name));
    }
    done_ = std::clamp<int64_t>(std::atoll(file.metadata().at("done").c_str()), 0, options_.steps);
  }

 private:
  at::Tensor draw(const at::Tensor& latents) {
    return generator_->synthesize(latents.expand({1, generator_->options().latent_count(), -1}));
  }

  // Adam (Kingma and Ba 2015) with β = 0.9, 0.999, and the schedule's rate; then white noise pictures again.
  void update(double t) {
    constexpr double kFirst = 0.9, kSecond = 0.999, kEpsilon = 1e-8;
    const at::NoGradGuard no_grad;
    double ramp = std::min(1.0, (1.0 - t) / options_.ramp_down);
    ramp = 0.5 - 0.5 * std::cos(ramp * std::numbers::pi);
    ramp *= std::min(1.0, t / options_.ramp_up);
    const auto count = static_cast<double>(done_ + 1);
    const double rate = options_.learning_rate * ramp / (1.0 - std::pow(kFirst, count));
    const double scale = 1.0 / std::sqrt(1.0 - std::pow(kSecond, count));
    for (size_t i = 0; i < variables_.size(); ++i) {
      const at::Tensor gradient = variables_[i].grad();
      moments_[i].mul_(kFirst).add_(gradient, 1.0 - kFirst);
      squares_[i].mul_(kSecond).addcmul_(gradient, gradient, 1.0 - kSecond);
      variables_[i].addcdiv_(moments_[i], squares_[i].sqrt().mul_(scale).add_(kEpsilon), -rate);
      variables_[i].mutable_grad().reset();
    }
    for (at::Tensor& noise : noises_) {
      noise.sub_(noise.mean());
      noise.mul_(noise.square().mean().rsqrt());
    }
  }

  nets::Generator generator_;
  at::Tensor target_;
  ProjectorOptions options_;
  Distance distance_;
  double deviation_ = 0;               // of w, over all its dimensions together
  std::vector<at::Tensor> noises_;     // buffers of the generator
  std::vector<at::Tensor> variables_;  // the latents, then the noises
  std::vector<at::Tensor> moments_, squares_;
  int64_t done_ = 0;
};

}  // namespace

std::optional<at::Tensor> project(nets::Generator generator, const at::Tensor& target, const at::Tensor& z,
                                  const ProjectorOptions& options, const ProjectorHooks& hooks) {
  const int64_t size = generator->options().resolution;
  if (target.sizes() != at::IntArrayRef({1, 3, size, size}) || z.dim() != 2 ||
      z.size(1) != generator->options().z_dim) {
    throw Error("projector: the picture or the samples do not have the generator's shapes");
  }
  if (options.steps < 1) throw Error("projector: there has to be at least one step");
  torch::manual_seed(options.random_seed);
  Projection projection(std::move(generator), target, z, options);
  if (!options.state.empty() && fs::exists(options.state)) projection.restore(options.state);
  while (projection.done() < options.steps) {
    if (hooks.stop_requested && hooks.stop_requested()) {
      if (!options.state.empty()) projection.save(options.state);
      return std::nullopt;
    }
    const double distance = projection.step();
    const int64_t done = projection.done();
    if (hooks.after_step) hooks.after_step({done, distance});
    if (hooks.picture && (done % hooks.picture_every == 0 || done == options.steps)) {
      hooks.picture(done, projection.picture());
    }
    if (!options.state.empty() && done % options.state_every == 0) projection.save(options.state);
  }
  if (!options.state.empty()) fs::remove(options.state);
  return projection.rows();
}

}  // namespace toonmirror::training
