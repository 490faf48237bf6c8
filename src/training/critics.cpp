#include "training/critics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

// Which slices of SqueezeNet 1.1 (channels 64, 128, 256, 384, 384) have a critic, and its first step: the two
// finest slices are halved, as places of a picture are many and alike.
struct Slice {
  size_t index;
  int64_t channels, reduced, stride;
};
constexpr std::array<Slice, 4> kSlices = {
    {{0, 64, 32, 2}, {1, 128, 64, 2}, {2, 256, 64, 1}, {4, 384, 64, 1}}};
constexpr int64_t kWidth = 64;
constexpr int64_t kWarmUpGames = 200;  // over which the critics' share rises
constexpr int64_t kPenaltyEvery = 16;
constexpr double kPenalty = 1.0;

at::Tensor mean_of(const std::vector<at::Tensor>& verdicts,
                   const std::function<at::Tensor(const at::Tensor&)>& f) {
  at::Tensor sum = f(verdicts.front()).mean();
  for (size_t i = 1; i < verdicts.size(); ++i) sum = sum + f(verdicts[i]).mean();
  return sum / static_cast<double>(verdicts.size());
}

}  // namespace

CriticView CriticView::detached() const {
  CriticView result = {picture.detach(), {}, classes};
  for (const at::Tensor& feature : features) result.features.push_back(feature.detach());
  return result;
}

at::Tensor class_shares(const at::Tensor& labels) {
  return at::one_hot(labels, nets::kFaceClassCount).permute({0, 3, 1, 2}).to(at::kFloat);
}

CriticsImpl::CriticsImpl(bool on_features) {
  const auto add = [this](const std::string& name, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                          bool activate) {
    return register_module(name, nets::ConvLayer(in, out, kernel, stride, activate));
  };
  if (on_features) {
    for (const Slice& slice : kSlices) {
      const std::string name = "slice" + std::to_string(slice.index);
      heads_.push_back(
          {slice.index,
           add(name + "_reduce", slice.channels + nets::kFaceClassCount, slice.reduced, 1, 1, true),
           add(name + "_look", slice.reduced, kWidth, 3, slice.stride, true),
           add(name + "_verdict", kWidth, 1, 3, 1, false)});
    }
  }
  pixels_ = {add("pixels0", 3, kWidth / 2, 3, 2, false), add("pixels1", kWidth / 2, kWidth, 3, 2, false),
             add("pixels2", kWidth, 1, 3, 1, false)};
}

at::Tensor CriticsImpl::on_pixels(const CriticView& view) {
  at::Tensor x = view.picture.contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < pixels_.size(); ++i) {
    x = pixels_[i]->forward(x);
    if (i + 1 < pixels_.size()) x = at::leaky_relu(x, nets::kLreluSlope) * nets::kSqrt2;
  }
  return x.to(at::kFloat);
}

std::vector<at::Tensor> CriticsImpl::forward(const CriticView& view) {
  std::vector<at::Tensor> verdicts;
  for (Head& head : heads_) {
    const at::Tensor& feature = view.features.at(head.slice);
    const at::Tensor size =
        (nets::channel_dot(feature, feature) / static_cast<double>(feature.size(1)) + 1e-4).rsqrt();
    const at::Tensor classes = at::adaptive_avg_pool2d(view.classes, {feature.size(2), feature.size(3)});
    const at::Tensor x =
        at::cat({feature * size.to(feature.scalar_type()), classes.to(feature.scalar_type())}, 1)
            .contiguous(at::MemoryFormat::ChannelsLast);
    verdicts.push_back(head.verdict->forward(head.look->forward(head.reduce->forward(x))).to(at::kFloat));
  }
  verdicts.push_back(on_pixels(view));
  return verdicts;
}

Adversary::Adversary(int64_t workers, const Options& options) : options_(options) {
  for (int64_t i = 0; i < workers; ++i) seats_.push_back({Critics(options.on_features), {}, {}, 0});
}

std::vector<Modules> Adversary::modules() {
  std::vector<Modules> result;
  for (Seat& seat : seats_) result.push_back({seat.critics.get()});
  return result;
}

Loss Adversary::judged(Loss loss, const at::Tensor& picture, const at::Tensor& output,
                       const CriticView& drawn, const CriticView& wanted, const StepContext& context) {
  Seat& seat = seats_[static_cast<size_t>(context.worker)];
  seat.drawn = {};
  const bool plays = plays_at(context.progress);
  at::Tensor gradient = torch::autograd::grad({loss.total}, {picture}, {}, /*retain_graph=*/plays)[0];
  if (plays) {
    const at::Tensor unconvinced =
        -mean_of(seat.critics->forward(drawn), [](const at::Tensor& x) { return x; });
    const at::Tensor theirs = torch::autograd::grad({unconvinced}, {picture})[0];
    const double warm = std::min(1.0, static_cast<double>(++seat.games) / kWarmUpGames);
    const double others = gradient.norm().item<double>(), norm = theirs.norm().item<double>();
    gradient = gradient + theirs * (options_.weight * warm * others / (norm + 1e-12));
    loss.figures["unconvinced"] = unconvinced.item<double>();
    seat.drawn = drawn.detached();
    seat.wanted = wanted.detached();
  }
  loss.total = (output * gradient).sum();
  return loss;
}

Loss Adversary::critic_loss(const StepContext& context) {
  Seat& seat = seats_[static_cast<size_t>(context.worker)];
  if (!seat.drawn.picture.defined()) return {};
  at::Tensor total =
      mean_of(seat.critics->forward(seat.wanted), [](const at::Tensor& x) { return at::relu(1.0 - x); }) +
      mean_of(seat.critics->forward(seat.drawn), [](const at::Tensor& x) { return at::relu(1.0 + x); });
  Loss loss = {total, {{"critic", total.item<double>()}}};
  if (seat.games % kPenaltyEvery == 1) {
    CriticView view = seat.wanted;
    view.picture = view.picture.detach().requires_grad_();
    const at::Tensor slope = torch::autograd::grad({seat.critics->on_pixels(view).mean({1, 2, 3}).sum()},
                                                   {view.picture}, {}, {}, /*create_graph=*/true)[0];
    loss.total = total + (0.5 * kPenalty * kPenaltyEvery) * slope.square().sum({1, 2, 3}).mean();
  }
  seat.drawn = seat.wanted = {};
  return loss;
}

}  // namespace toonmirror::training
