#include "training/critics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "nets/house_encoder.h"

namespace toonmirror::training {
namespace {

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

CriticView joined(const CriticView& a, const CriticView& b) {
  CriticView result = {at::cat({a.picture, b.picture}), {}, {}};
  for (size_t i = 0; i < a.features.size(); ++i) {
    result.features.push_back(at::cat({a.features[i], b.features.at(i)}));
  }
  const int64_t size = std::min(a.classes.size(2), b.classes.size(2));
  result.classes = at::cat(
      {at::adaptive_avg_pool2d(a.classes, {size, size}), at::adaptive_avg_pool2d(b.classes, {size, size})});
  return result;
}

at::Tensor class_shares(const at::Tensor& labels) {
  return at::one_hot(labels, nets::kFaceClassCount).permute({0, 3, 1, 2}).to(at::kFloat);
}

// Of SqueezeNet 1.1, whose slices have 64, 128, 256, 384 and 384 channels.
std::vector<CriticSlice> perceptual_slices() {
  return {{"slice0", 0, 64, 32, 2},
          {"slice1", 1, 128, 64, 2},
          {"slice2", 2, 256, 64, 1},
          {"slice4", 4, 384, 64, 1}};
}

CriticsImpl::CriticsImpl(const std::vector<CriticSlice>& slices) {
  const auto add = [this](const std::string& name, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                          bool activate) {
    return register_module(name, nets::ConvLayer(in, out, kernel, stride, activate));
  };
  for (const CriticSlice& slice : slices) {
    heads_.push_back(
        {slice.index,
         add(slice.name + "_reduce", slice.channels + nets::kFaceClassCount, slice.reduced, 1, 1, true),
         add(slice.name + "_look", slice.reduced, kWidth, 3, slice.stride, true),
         add(slice.name + "_verdict", kWidth, 1, 3, 1, false)});
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
    const at::Tensor& feature = view.features.at(head.index);
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
  for (int64_t i = 0; i < workers; ++i) seats_.push_back({Critics(options.slices), {}, {}, 0});
}

std::vector<Modules> Adversary::modules() {
  std::vector<Modules> result;
  for (Seat& seat : seats_) result.push_back({seat.critics.get()});
  return result;
}

Loss Adversary::judged(Loss loss, const at::Tensor& picture, const at::Tensor& output,
                       const CriticView& drawn, const CriticView& wanted, const StepContext& context,
                       const SeedDrawings& seeds) {
  Seat& seat = seats_[static_cast<size_t>(context.worker)];
  seat.drawn = {};
  const bool plays = plays_at(context.progress);
  const at::Tensor others = torch::autograd::grad({loss.total}, {picture}, {}, /*retain_graph=*/plays)[0];
  if (!plays) {
    loss.total = (output * others).sum();
    return loss;
  }

  const bool seeded = seeds.output.defined();
  const CriticView all = seeded ? joined(drawn, seeds.view) : drawn;
  const std::vector<at::Tensor> verdicts = seat.critics->forward(all);
  const auto unconvinced_by = [&verdicts](int64_t first, int64_t count) {
    return -mean_of(verdicts, [=](const at::Tensor& x) { return x.narrow(0, first, count); });
  };
  // Of large pictures pieces of some are judged.
  const int64_t drawings = drawn.picture.size(0), seed_count = seeded ? seeds.picture.size(0) : 0;
  at::Tensor unconvinced = unconvinced_by(0, drawings);
  loss.figures["unconvinced"] = unconvinced.item<double>();
  std::vector<at::Tensor> pictures = {picture};
  if (seeded) {
    const at::Tensor by_seeds = unconvinced_by(drawings, seed_count);
    loss.figures["unconvinced by seeds"] = by_seeds.item<double>();
    unconvinced = unconvinced + by_seeds;
    pictures.push_back(seeds.picture);
  }
  const std::vector<at::Tensor> theirs = torch::autograd::grad({unconvinced}, pictures);
  const double warm = std::min(1.0, static_cast<double>(++seat.games) / kWarmUpGames);
  const double pull = options_.weight * warm * others.norm().item<double>();
  const auto of_norm = [](const at::Tensor& gradient, double norm) {
    return gradient * (norm / (gradient.norm().item<double>() + 1e-12));
  };
  loss.total = (output * (others + of_norm(theirs[0], pull))).sum();
  if (seeded) {
    const double share = static_cast<double>(seed_count) / static_cast<double>(drawings);
    loss.total = loss.total + (seeds.output * of_norm(theirs[1], pull * std::sqrt(share))).sum();
  }
  seat.drawn = all.detached();
  seat.wanted = wanted.detached();
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
