#include "training/latent_flow.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"
#include "base/model_keys.h"
#include "nets/model_file.h"

namespace toonmirror::training {
namespace {

constexpr double kLastAngle = std::numbers::pi / 2.0;
constexpr int64_t kHarmonics = 16;  // of the time, as the network sees it

// angle [N] → [N, 2 · kHarmonics].
at::Tensor time_features(const at::Tensor& angle) {
  const at::Tensor phase = (2.0 * angle).unsqueeze(1) * at::arange(1, kHarmonics + 1, angle.options());
  return at::cat({phase.cos(), phase.sin()}, /*dim=*/1);
}

// How much there is to be said at angles [N], about 1 at most. At the beginning x is z and tells nothing of the
// data, in the end it is the data and tells nothing of z, and equal first and second moments leave no more
// than this near both. A network that has to find that out learns half as fast, as all it hears there is
// noise.
at::Tensor said_at(const at::Tensor& angle) {
  constexpr double kLargest = 0.385;  // of the product
  return angle.sin().square() * angle.cos() / kLargest;
}

// Uniform numbers in [0, 1] → times at which the data's share of the variance of x is that: most lie where
// there is something to be said.
at::Tensor times_of(const at::Tensor& shares) { return shares.sqrt().asin(); }

// Where numbers z [N, K] and data [N, K] meet at angles [N], and how they move there.
struct Meeting {
  at::Tensor x, velocity;

  Meeting(const at::Tensor& z, const at::Tensor& data, const at::Tensor& angle) {
    const at::Tensor cos = angle.cos().unsqueeze(1), sin = angle.sin().unsqueeze(1);
    x = cos * z + sin * data;
    velocity = cos * data - sin * z;
  }
};

// Held-out latents, always with the same numbers at the same times, so that checks can be compared.
class HeldOutCheck {
 public:
  HeldOutCheck(std::filesystem::path best_file, const LatentSet& latents, bool resumed)
      : best_file_(std::move(best_file)), weights_(latents.axes.weights(latents.axes.leading)) {
    const int64_t faces = std::min(latents.held_out.size(0), kMostFaces);
    if (faces == 0) return;
    const at::Generator random = at::detail::createCPUGenerator(/*seed_val=*/0);
    data_ = latents.axes.whiten(latents.held_out.narrow(0, 0, faces))
                .narrow(1, 0, latents.axes.leading)
                .repeat({kTimes, 1});
    normal_ = at::randn(data_.sizes(), random, data_.options());
    angle_ = times_of((at::arange(kTimes, data_.options()) + 0.5) / kTimes).repeat_interleave(faces);
    if (!resumed) {
      std::filesystem::remove(best_file_);
    } else if (std::filesystem::exists(best_file_)) {
      best_ = std::stod(checkpoint::SafetensorsFile(best_file_).required_metadata("held_out_loss"));
    }
  }

  // With the averaged weights in place.
  void ask(FlowNetwork& network) {
    if (!data_.defined()) return;
    const at::NoGradGuard no_grad;
    double sum = 0;
    for (int64_t first = 0; first < data_.size(0); first += kBatch) {
      const int64_t count = std::min(kBatch, data_.size(0) - first);
      const at::Tensor angle = angle_.narrow(0, first, count);
      const Meeting meeting(normal_.narrow(0, first, count), data_.narrow(0, first, count), angle);
      sum +=
          ((network->forward(meeting.x, angle) - meeting.velocity).square() * weights_).sum().item<double>();
    }
    last_ = sum / static_cast<double>(data_.numel());
    if (last_ >= best_) return;
    best_ = last_;
    checkpoint::write_safetensors(best_file_, nets::named_tensors(*network),
                                  {{kKindKey, "latent flow"}, {"held_out_loss", std::to_string(best_)}});
  }

  double last() const { return last_; }  // not a number before the first check

  void take_best(FlowNetwork& network) const {
    if (!data_.defined() || !std::filesystem::exists(best_file_)) return;
    const at::NoGradGuard no_grad;
    nets::assign_tensors(*network, checkpoint::SafetensorsFile(best_file_).all(), best_file_.string());
  }

 private:
  static constexpr int64_t kMostFaces = 1000, kTimes = 8, kBatch = 1024;

  std::filesystem::path best_file_;
  at::Tensor weights_, data_, normal_, angle_;
  double best_ = std::numeric_limits<double>::infinity();
  double last_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace

FlowNetworkImpl::FlowNetworkImpl(const FlowNetworkOptions& options) {
  const auto layer = [this](const std::string& name, int64_t in, int64_t out) {
    return register_module(name, nets::FullyConnected(in, out, /*activate=*/false));
  };
  const at::NoGradGuard no_grad;
  in_ = layer("in", options.axes, options.width);
  for (int64_t i = 0; i < options.blocks; ++i) {
    const std::string name = "block" + std::to_string(i) + "_";
    blocks_.push_back({layer(name + "first", options.width, options.width),
                       layer(name + "time", 2 * kHarmonics, options.width),
                       layer(name + "second", options.width, options.width)});
    blocks_.back().second->weight.zero_();
  }
  out_ = layer("out", options.width, options.axes);
  out_->weight.zero_();
}

at::Tensor FlowNetworkImpl::forward(const at::Tensor& x, const at::Tensor& angle) {
  return run(x, angle, 0.0, nullptr);
}

at::Tensor FlowNetworkImpl::forward(const at::Tensor& x, const at::Tensor& angle, double dropout,
                                    const at::Generator& random) {
  return run(x, angle, dropout, &random);
}

at::Tensor FlowNetworkImpl::run(const at::Tensor& x, const at::Tensor& angle, double dropout,
                                const at::Generator* random) {
  const at::Tensor time = time_features(angle);
  at::Tensor hidden = in_->forward(x);
  for (Block& block : blocks_) {
    // Without the normalisation the first blocks' sums drown what the later ones add.
    const at::Tensor even = at::layer_norm(hidden, {hidden.size(1)});
    at::Tensor inner = at::silu(block.first->forward(even) + block.time->forward(time));
    if (random != nullptr && dropout > 0) {
      const double kept = 1.0 - dropout;
      inner = inner * at::empty_like(inner).bernoulli_(kept, *random).div_(kept);
    }
    hidden = hidden + block.second->forward(inner);
  }
  return out_->forward(hidden) * said_at(angle).unsqueeze(1);
}

at::Tensor LatentFlow::coordinates(const at::Tensor& normal, int64_t steps) const {
  const at::NoGradGuard no_grad;
  const int64_t width = axes_.spread.size(0), known = std::min(width, normal.size(1));
  if (known < axes_.leading) {
    throw Error("a flow along " + std::to_string(axes_.leading) + " axes needs as many numbers, not " +
                std::to_string(normal.size(1)));
  }
  FlowNetwork network = network_;  // a handle to the same network
  const auto velocity = [&](const at::Tensor& place, double angle) {
    return network->forward(place, at::full({place.size(0)}, angle));
  };
  const double step = kLastAngle / static_cast<double>(steps);
  at::Tensor x = normal.narrow(1, 0, axes_.leading);
  for (int64_t i = 0; i < steps; ++i) {
    const double angle = step * static_cast<double>(i);
    const at::Tensor here = velocity(x, angle);
    x = x + (here + velocity(x + here * step, angle + step)) * (0.5 * step);
  }
  const at::Tensor others = normal.narrow(1, axes_.leading, known - axes_.leading) * rest_;
  return at::cat({x, others, at::zeros({normal.size(0), width - known})}, /*dim=*/1);
}

LatentFlow train_flow(const FlowTrainingOptions& options, const LatentSet& latents, RunHooks hooks) {
  const LatentAxes& axes = latents.axes;
  const at::Tensor data = axes.whiten(latents.training).narrow(1, 0, axes.leading).contiguous();
  const at::Tensor weights = axes.weights(axes.leading);
  torch::manual_seed(options.run.seed);
  std::vector<FlowNetwork> replicas;
  std::vector<Modules> modules;
  for (int64_t i = 0; i < options.run.workers; ++i) {
    replicas.emplace_back(FlowNetworkOptions{axes.leading, options.width, options.blocks});
    modules.push_back({replicas.back().get()});
  }
  HeldOutCheck check(options.run.output / "best.safetensors", latents,
                     std::filesystem::exists(options.run.output / kCheckpointName));
  hooks.loss = [&](const StepContext& context) {
    const at::Generator random = at::detail::createCPUGenerator((*context.random)());
    const int64_t count = options.run.batch_per_worker;
    const at::Tensor chosen =
        data.index_select(0, at::randint(data.size(0), {count}, random, at::TensorOptions(at::kLong)));
    const at::Tensor blurred = (chosen + options.noise * at::randn(chosen.sizes(), random)) /
                               std::sqrt(1.0 + options.noise * options.noise);
    const at::Tensor angle = times_of(at::rand({count}, random));
    const Meeting meeting(at::randn(chosen.sizes(), random), blurred, angle);
    FlowNetwork& network = replicas[static_cast<size_t>(context.worker)];
    Loss loss;
    loss.total =
        ((network->forward(meeting.x, angle, options.dropout, random) - meeting.velocity).square() * weights)
            .mean();
    loss.figures["flow"] = loss.total.item<double>();
    if (std::isfinite(check.last())) loss.figures["held_out"] = check.last();
    return loss;
  };
  hooks.sheet = [&](const std::filesystem::path&) { check.ask(replicas.front()); };
  run_training(options.run, modules, {}, hooks);
  if (options.take_best) check.take_best(replicas.front());
  return {axes, replicas.front(), options.rest};
}

}  // namespace toonmirror::training
